/** unstorage, and through it files, and many databases. */

import { isBytes } from "../bytes.js";
import { systemClock as now } from "../clock.js";
import { checkEngine } from "../engine.js";
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

/** A store in an unstorage. */
export interface UnstorageStore extends SessionStore {
  /**
   * Deletes what is over, and tells how much it was: to be called now and then, for drivers that forget nothing by
   * themselves, as files and memory.
   */
  purgeExpired(): Promise<number>;
}

/**
 * What is kept: 4 bytes that say so, since others may keep things under the same base; 8 bytes of the time when it is over; the
 * owner's 64 characters or as many zeros; and the bytes.
 */
interface Kept {
  until: number;
  owner: string | undefined;
  bytes: Uint8Array;
}

const MARK = 0x66737531; // "fsu1"
const UNTIL = 4;
const OWNER = UNTIL + 8;
const BYTES = OWNER + 64;

/**
 * A store in an unstorage, with owners' lists. It has no conditions: of two requests that write to one session within the
 * same moment, one can be lost.
 */
export function unstorageStore(storage: StorageLike, options: UnstorageStoreOptions = {}): UnstorageStore {
  const methods = ["getItemRaw", "setItemRaw", "removeItem", "getKeys"];
  checkEngine(storage, "unstorageStore", methods, "an unstorage", "make one with createStorage({ driver })");
  const { base = "fastsession", consistent = true, lag = 60 } = options;
  const recordKey = (key: string): string => `${base}:record:${key}`;
  const ownerKey = (owner: string): string => `${base}:owner:${owner}`;
  const filedKey = (owner: string, key: string): string => `${ownerKey(owner)}:${key}`;

  const read = async (name: string): Promise<Kept | undefined> => {
    const raw = await storage.getItemRaw(name);
    if (raw === null || raw === undefined) return undefined;
    const kept = unpack(raw);
    if (kept === undefined) throw new TypeError("what the unstorage gives is not what this store put there: does its driver keep bytes?");
    if (kept.until > now()) return kept;
    await storage.removeItem(name);
    return undefined;
  };
  const write = async (name: string, bytes: Uint8Array, until: number, owner = ""): Promise<void> => {
    await storage.setItemRaw(name, pack(bytes, until, owner), { ttl: Math.max(1, until - now()) });
  };
  /** Takes a record from its owner's list, if that is not the one that it will be on. */
  const unfile = async (key: string, next?: string): Promise<void> => {
    const owner = (await read(recordKey(key)))?.owner;
    if (owner !== undefined && owner !== next) await storage.removeItem(filedKey(owner, key));
  };

  return {
    capabilities: { consistent, lag, conditions: false },
    get: async (key) => (await read(recordKey(key)))?.bytes,
    async put(key, record, { expiresAt, filing }) {
      if (filing?.isNew === true) await unfile(key, filing.owner);
      // The list first: one that names a record too many is harmless, one that misses a record is not.
      if (filing !== undefined) await write(filedKey(filing.owner, key), filing.entry, filing.until);
      await write(recordKey(key), record, expiresAt, filing?.owner);
    },
    async delete(key) {
      await unfile(key);
      await storage.removeItem(recordKey(key));
    },
    async list(owner) {
      const filed: Filed[] = [];
      for (const name of await storage.getKeys(ownerKey(owner))) {
        const key = name.split(":").at(-1) ?? "";
        const entry = await read(name);
        if (entry === undefined) continue;
        if ((await read(recordKey(key)))?.owner !== owner) continue;
        filed.push({ key, entry: entry.bytes });
      }
      return filed;
    },
    async purgeExpired() {
      let purged = 0;
      for (const name of await storage.getKeys(base)) {
        const kept = unpack(await storage.getItemRaw(name));
        if (kept === undefined || kept.until > now()) continue;
        await storage.removeItem(name);
        purged += 1;
      }
      return purged;
    },
  };
}

function pack(bytes: Uint8Array, until: number, owner: string): Uint8Array {
  const kept = new Uint8Array(BYTES + bytes.length);
  const view = new DataView(kept.buffer);
  view.setUint32(0, MARK);
  view.setFloat64(UNTIL, until);
  kept.set(new TextEncoder().encode(owner), OWNER);
  kept.set(bytes, BYTES);
  return kept;
}

/** What was packed; `undefined` for anything else. */
function unpack(raw: unknown): Kept | undefined {
  const isBuffer = Object.prototype.toString.call(raw) === "[object ArrayBuffer]";
  const kept = isBuffer ? new Uint8Array(raw as ArrayBuffer) : raw;
  if (!isBytes(kept) || kept.length < BYTES) return undefined;
  const view = new DataView(kept.buffer, kept.byteOffset);
  if (view.getUint32(0) !== MARK) return undefined;
  const owner = kept[OWNER] === 0 ? undefined : new TextDecoder().decode(kept.subarray(OWNER, BYTES));
  return { until: view.getFloat64(UNTIL), owner, bytes: kept.slice(BYTES) };
}
