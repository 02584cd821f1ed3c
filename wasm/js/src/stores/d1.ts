/** Cloudflare D1: a table in SQLite. */

import { systemClock as now } from "../clock.js";
import { BINDING, checkEngine } from "../engine.js";
import { type Condition, type Filed, type SessionStore, tagOf, toHex } from "../store.js";

/** What is used of a D1 database. */
export interface D1Like {
  prepare(sql: string): D1StatementLike;
  batch(statements: never[]): Promise<unknown>;
}

/** What is used of a D1 statement. */
export interface D1StatementLike {
  bind(...values: unknown[]): D1StatementLike;
  run(): Promise<{ meta: { changes?: number } }>;
  all(): Promise<{ results: unknown[] }>;
}

/** Settings of {@link d1Store}. */
export interface D1StoreOptions {
  /** The table's name: `fastsession` unless set; letters, digits and underscores. */
  table?: string;
}

/** A store in D1. */
export interface D1Store extends SessionStore {
  /** Deletes what is over, and tells how much it was: to be called now and then, as from a cron trigger. */
  purgeExpired(): Promise<number>;
}

/** A store in D1: consistent, with conditions and owners' lists. It makes its table when it is first missing. */
export function d1Store(database: D1Like, options: D1StoreOptions = {}): D1Store {
  checkEngine(database, "d1Store", ["prepare", "batch"], "a D1 database", BINDING);
  const table = options.table ?? "fastsession";
  if (!/^[A-Za-z_]\w{0,62}$/.test(table)) throw new TypeError("a table's name has letters, digits and underscores");
  const schema = [
    `CREATE TABLE IF NOT EXISTS ${table} (key TEXT PRIMARY KEY, record BLOB NOT NULL, tag TEXT NOT NULL,` +
      " expires_at INTEGER NOT NULL, owner TEXT, entry BLOB) WITHOUT ROWID",
    `CREATE INDEX IF NOT EXISTS ${table}_owner ON ${table} (owner) WHERE owner IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS ${table}_expires_at ON ${table} (expires_at)`,
  ];
  const prepared = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!String(error).includes("no such table")) throw error;
      await database.batch(schema.map((sql) => database.prepare(sql)) as never[]);
      return await work();
    }
  };
  const changes = async (sql: string, ...values: unknown[]): Promise<number> => {
    const { meta } = await prepared(() => database.prepare(sql).bind(...values).run());
    return meta.changes ?? 0;
  };
  const rows = async <T>(sql: string, ...values: unknown[]): Promise<T[]> => {
    const { results } = await prepared(() => database.prepare(sql).bind(...values).all());
    return results as T[];
  };

  return {
    capabilities: { consistent: true, conditions: true },
    async get(key) {
      const [row] = await rows<{ record: ArrayLike<number> }>(
        `SELECT record FROM ${table} WHERE key = ? AND expires_at > ?`, key, now(),
      );
      return row && bytes(row.record);
    },
    async put(key, record, { expiresAt, condition, filing }) {
      const values = [record, toHex(tagOf(record)), expiresAt, filing?.owner ?? null, filing?.entry ?? null];
      if (condition.kind === "matches") {
        const update = `UPDATE ${table} SET record = ?, tag = ?, expires_at = ?, owner = ?, entry = ?`;
        return (await changes(`${update} WHERE ${matches}`, ...values, key, toHex(condition.tag), now())) > 0;
      }
      const replace = "DO UPDATE SET record = excluded.record, tag = excluded.tag," +
        " expires_at = excluded.expires_at, owner = excluded.owner, entry = excluded.entry";
      const insert = `INSERT INTO ${table} (record, tag, expires_at, owner, entry, key) VALUES (?, ?, ?, ?, ?, ?)`;
      const unless = condition.kind === "absent" ? `WHERE ${table}.expires_at <= ${now()}` : "";
      return (await changes(`${insert} ON CONFLICT (key) ${replace} ${unless}`, ...values, key)) > 0;
    },
    async delete(key, { condition }: { condition: Condition }) {
      if (condition.kind === "matches") {
        return (await changes(`DELETE FROM ${table} WHERE ${matches}`, key, toHex(condition.tag), now())) > 0;
      }
      if (condition.kind === "absent") return (await this.get(key)) === undefined;
      await changes(`DELETE FROM ${table} WHERE key = ?`, key);
      return true;
    },
    async list(owner) {
      const filed = await rows<{ key: string; entry: ArrayLike<number> }>(
        `SELECT key, entry FROM ${table} WHERE owner = ? AND expires_at > ?`, owner, now(),
      );
      return filed.map(({ key, entry }): Filed => ({ key, entry: bytes(entry) }));
    },
    async deleteOwned(owner, { only, except }) {
      const [which, ...value] = only !== undefined ? ["AND key = ?", only] : except !== undefined ? ["AND key <> ?", except] : [""];
      return await changes(`DELETE FROM ${table} WHERE owner = ? AND expires_at > ? ${which}`, owner, now(), ...value);
    },
    purgeExpired: async () => await changes(`DELETE FROM ${table} WHERE expires_at <= ?`, now()),
  };
}

const matches = "key = ? AND tag = ? AND expires_at > ?";

/** D1 gives blobs as arrays of numbers. */
function bytes(blob: ArrayLike<number> | ArrayBuffer): Uint8Array {
  return blob instanceof ArrayBuffer ? new Uint8Array(blob) : Uint8Array.from(blob);
}
