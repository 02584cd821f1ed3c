/** Redis and Valkey through the package `redis`, with the same layout as the Rust package's store. */

import { isBytes } from "../bytes.js";
import { systemClock as now } from "../clock.js";
import { checkEngine } from "../engine.js";
import type { Filed, SessionStore } from "../store.js";
import { conditionArguments, DELETE, END, LIST, pack, PUT, unpack } from "./redis-layout.js";

/** What is used of a connected client of the package `redis`, version 5 or newer. */
export interface RedisClientLike {
  sendCommand(command: any[], options?: any): Promise<unknown>;
}

/** Settings of {@link redisStore}. */
export interface RedisStoreOptions {
  /** What keys begin with: `fastsession:` unless set, as in Rust. */
  prefix?: string;
}

/** RESP's type byte of a bulk string. */
const BULK_STRING = 36;

/** A store in Redis 6.2 or newer, or Valkey, on a single server: consistent, with conditions and owners' lists. */
export function redisStore(client: RedisClientLike, options: RedisStoreOptions = {}): SessionStore {
  checkEngine(client, "redisStore", ["sendCommand"], "a client of the package redis", "connect one with await createClient({ url }).connect()");
  const { prefix = "fastsession:" } = options;
  const [records, lists] = [`${prefix}record:`, `${prefix}owner:`];
  const hashes = new Map<string, Promise<string>>();
  const asBytes = { typeMapping: { [BULK_STRING]: Buffer } };

  const send = (...command: (string | Uint8Array | number)[]): Promise<unknown> =>
    client.sendCommand(
      command.map((part) => (part instanceof Uint8Array ? Buffer.from(part) : String(part))),
      asBytes,
    );
  const run = async (script: string, key: string, ...values: (string | Uint8Array | number)[]): Promise<unknown> => {
    let hash = hashes.get(script);
    if (hash === undefined) hashes.set(script, (hash = sha1(script)));
    try {
      return await send("EVALSHA", await hash, 1, key, ...values);
    } catch (error) {
      if (!String(error).includes("NOSCRIPT")) throw error;
      return await send("EVAL", script, 1, key, ...values);
    }
  };

  return {
    capabilities: { consistent: true, conditions: true },
    async get(key) {
      const value = await send("GET", records + key);
      if (value === null) return undefined;
      if (!isBytes(value)) throw new TypeError("the Redis client gives text for bytes: use the package redis, version 5 or newer");
      return unpack(value);
    },
    async put(key, record, { expiresAt, condition, filing }) {
      const value = pack(record, filing);
      const list = [filing?.owner ?? "", filing?.isNew === true ? 1 : 0, lists, key, filing?.until ?? expiresAt, now()];
      return (await run(PUT, records + key, ...conditionArguments(condition), value, expiresAt * 1000, ...list)) === 1;
    },
    delete: async (key, { condition }) =>
      (await run(DELETE, records + key, ...conditionArguments(condition), lists, key)) === 1,
    async list(owner) {
      const answer = (await run(LIST, lists + owner, records, owner)) as Uint8Array[];
      const filed: Filed[] = [];
      for (let at = 0; at + 1 < answer.length; at += 2) {
        filed.push({ key: new TextDecoder().decode(answer[at]), entry: answer[at + 1]! });
      }
      return filed;
    },
    async deleteOwned(owner, { only, except }) {
      const which = only !== undefined ? "only" : except !== undefined ? "except" : "all";
      return Number(await run(END, lists + owner, records, owner, which, only ?? except ?? ""));
    },
  };
}

async function sha1(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Buffer.from(hash).toString("hex");
}

/** Node's, Deno's and Bun's. */
declare const Buffer: {
  from(bytes: Uint8Array | ArrayBuffer): Uint8Array & { toString(encoding: "hex"): string };
};
