/** Workers KV. Its reads may be old, so that sessions are placed in both store and cookie. */

import { BINDING, checkEngine } from "../engine.js";
import type { SessionStore } from "../store.js";

/** What is used of a Workers KV namespace. */
export interface KvNamespace {
  get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  put(key: string, value: ArrayBuffer | ArrayBufferView, options: { expirationTtl: number }): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Settings of {@link kvStore}. */
export interface KvStoreOptions {
  /** What keys begin with: `fastsession:` unless set. */
  prefix?: string;
  /** For how many seconds reads may be old: 60 unless set, as Cloudflare says. */
  lag?: number;
}

/** The least seconds that Workers KV keeps something. */
const LEAST_TTL = 60;

/**
 * A store in Workers KV. It keeps no lists of its owners' sessions, and takes one write a second for a key: an idle
 * timeout of at least ten seconds keeps below that.
 */
export function kvStore(namespace: KvNamespace, options: KvStoreOptions = {}): SessionStore {
  checkEngine(namespace, "kvStore", ["get", "put", "delete"], "a Workers KV namespace", BINDING);
  const { prefix = "fastsession:", lag = 60 } = options;
  return {
    capabilities: { consistent: false, lag },
    get: (key) => namespace.get(prefix + key, "arrayBuffer"),
    put: (key, record, { ttl }) => namespace.put(prefix + key, record, { expirationTtl: Math.max(LEAST_TTL, ttl) }),
    delete: (key) => namespace.delete(prefix + key),
  };
}
