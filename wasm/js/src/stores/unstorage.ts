/** unstorage, and through it files, and many databases. */

import type { Filed, SessionStore } from "../store.js";

/** What is used of an unstorage. */
export interface StorageLike {
  getItemRaw(key: string): Promise<unknown>;
  setItemRaw(key: string, value: unknown, options: { ttl: number }): Promise<void>;
  removeItem(key: string): Promise<void>;
  getKeys(base: string): Promise<string[]>;
}

/** Settings of {@link unstorageStore}. */
export interface UnstorageStoreOptions {
  /** What keys begin with: `fastsession` unless set. */
  base?: string;
  /** Whether a read shows every write; `true` unless set: `false` for drivers of stores like Workers KV. */
  consistent?: boolean;
  /** For how many seconds reads may be old, if it is not consistent: 60 unless set. */
  lag?: number;
}

/** Bytes of the time that stands before what is kept: most drivers know no expiry. */
const TIME = 8;
const now = (): number => Math.floor(Date.now() / 1000);

/**
 * A store in an unstorage, with owners' lists. It has no conditions: of two requests that write to one session within the
 * same moment, one can be lost.
 */
export function unstorageStore(storage: StorageLike, options: UnstorageStoreOptions = {}): SessionStore {
  const { base = "fastsession", consistent = true, lag = 60 } = options;
  const recordKey = (key: string): string => `${base}:record:${key}`;
  const ownerKey = (owner: string): string => `${base}:owner:${owner}`;

  const read = async (key: string): Promise<Uint8Array | undefined> => {
    const raw = await storage.getItemRaw(key);
    if (raw === null || raw === undefined) return undefined;
    const kept = raw instanceof ArrayBuffer ? new Uint8Array(raw) : raw;
    if (!(kept instanceof Uint8Array)) throw new TypeError("the unstorage driver keeps no bytes");
    const time = new DataView(kept.buffer, kept.byteOffset).getFloat64(0);
    if (time > now()) return kept.slice(TIME);
    await storage.removeItem(key);
    return undefined;
  };
  const write = async (key: string, bytes: Uint8Array, until: number): Promise<void> => {
    const kept = new Uint8Array(TIME + bytes.length);
    new DataView(kept.buffer).setFloat64(0, until);
    kept.set(bytes, TIME);
    await storage.setItemRaw(key, kept, { ttl: Math.max(1, until - now()) });
  };

  return {
    capabilities: { consistent, lag, conditions: false },
    get: (key) => read(recordKey(key)),
    async put(key, record, { expiresAt, filing }) {
      // The list first: one that names a record too many is harmless, one that misses a record is not.
      if (filing !== undefined) await write(`${ownerKey(filing.owner)}:${key}`, filing.entry, filing.until);
      await write(recordKey(key), record, expiresAt);
    },
    delete: (key) => storage.removeItem(recordKey(key)),
    async list(owner) {
      const filed: Filed[] = [];
      for (const name of await storage.getKeys(ownerKey(owner))) {
        const key = name.split(":").at(-1) ?? "";
        const entry = await read(name);
        if (entry === undefined) continue;
        if ((await read(recordKey(key))) === undefined) continue;
        filed.push({ key, entry });
      }
      return filed;
    },
  };
}
