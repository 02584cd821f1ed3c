/** Deno KV. */

import { systemClock as now } from "../clock.js";
import { checkEngine, tooLarge } from "../engine.js";
import { type Condition, type Filed, holds, type SessionStore, type Versioned } from "../store.js";

type Key = readonly string[];

interface Entry {
  value: unknown;
  versionstamp: string | null;
}

/** What is used of a Deno KV database. */
export interface DenoKvLike {
  get(key: Key): Promise<Entry>;
  list(selector: { prefix: Key }): AsyncIterable<{ key: readonly unknown[]; value: unknown }>;
  atomic(): DenoAtomicLike;
}

/** What is used of an atomic operation of Deno KV. */
export interface DenoAtomicLike {
  check(check: { key: Key; versionstamp: string | null }): DenoAtomicLike;
  set(key: Key, value: unknown, options: { expireIn: number }): DenoAtomicLike;
  delete(key: Key): DenoAtomicLike;
  commit(): Promise<{ ok: boolean }>;
}

/** Settings of {@link denoKvStore}. */
export interface DenoKvStoreOptions {
  /** What all keys begin with: `["fastsession"]` unless set. */
  prefix?: readonly string[];
}

interface Held {
  record: Uint8Array;
  expiresAt: number;
  owner: string | null;
}

/** The largest record: a value has up to 65,536 bytes, of which what stands around the record takes 114. */
const LARGEST = 65_400;

/**
 * A store in Deno KV: consistent, with conditions (the versionstamp) and owners' lists. A record has up to 65,400
 * bytes there.
 */
export function denoKvStore(kv: DenoKvLike, options: DenoKvStoreOptions = {}): SessionStore {
  checkEngine(kv, "denoKvStore", ["get", "list", "atomic"], "a Deno KV database", "open one with await Deno.openKv(), and run with --unstable-kv");
  const { prefix = ["fastsession"] } = options;
  const recordKey = (key: string): Key => [...prefix, "record", key];
  const ownerKey = (owner: string, ...key: string[]): Key => [...prefix, "owner", owner, ...key];

  const read = async (key: string): Promise<{ held: Held | undefined; versionstamp: string | null }> => {
    const { value, versionstamp } = await kv.get(recordKey(key));
    const held = value === null ? undefined : (value as Held);
    return { held: held !== undefined && held.expiresAt > now() ? held : undefined, versionstamp };
  };
  const write = async (
    key: string,
    condition: Condition,
    change: (atomic: DenoAtomicLike, held: Held | undefined) => DenoAtomicLike,
  ): Promise<boolean> => {
    for (;;) {
      const { held, versionstamp } = await read(key);
      if (!holds(condition, held?.record)) return false;
      const atomic = kv.atomic().check({ key: recordKey(key), versionstamp });
      // If somebody was faster, the condition is judged anew.
      if ((await change(atomic, held).commit()).ok) return true;
    }
  };

  return {
    capabilities: { consistent: true, conditions: true },
    async get(key): Promise<Versioned | undefined> {
      const { held, versionstamp } = await read(key);
      return held && { record: held.record, version: versionstamp };
    },
    async put(key, record, { expiresAt, ttl, condition, filing }) {
      if (record.length > LARGEST) throw tooLarge(record.length, LARGEST, "Deno KV");
      const value: Held = { record, expiresAt, owner: filing?.owner ?? null };
      const change = (atomic: DenoAtomicLike, owner: string | null | undefined): DenoAtomicLike => {
        let changed = atomic.set(recordKey(key), value, { expireIn: ttl * 1000 });
        if (owner != null && owner !== filing?.owner) changed = changed.delete(ownerKey(owner, key));
        if (filing === undefined) return changed;
        const expireIn = Math.max(1, filing.until - now()) * 1000;
        return changed.set(ownerKey(filing.owner, key), filing.entry, { expireIn });
      };
      if (condition.kind === "matches" && typeof condition.version === "string" && filing !== undefined) {
        // Known from the read: no second one is needed.
        const atomic = kv.atomic().check({ key: recordKey(key), versionstamp: condition.version });
        return (await change(atomic, undefined).commit()).ok;
      }
      return await write(key, condition, (atomic, held) => change(atomic, held?.owner));
    },
    delete: (key, { condition }) =>
      write(key, condition, (atomic, held) => {
        const deleted = atomic.delete(recordKey(key));
        return held?.owner == null ? deleted : deleted.delete(ownerKey(held.owner, key));
      }),
    async list(owner) {
      const filed: Filed[] = [];
      for await (const { key, value } of kv.list({ prefix: ownerKey(owner) })) {
        const name = String(key[key.length - 1]);
        const { held } = await read(name);
        if (held?.owner === owner) filed.push({ key: name, entry: value as Uint8Array });
      }
      return filed;
    },
  };
}
