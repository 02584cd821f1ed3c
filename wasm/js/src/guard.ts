/** A store under guard: its failures become typed errors, its answers are checked, and it has to answer in time. */

import { isBytes, NO_BYTES } from "./bytes.js";
import { isPromise, isWhole } from "./checks.js";
import type { Operation } from "./core/manager.js";
import { type ErrorCode, SessionError } from "./error.js";
import { type Condition, type Filed, holds, type SessionStore } from "./store.js";

/** What a store holds. */
export interface Held {
  record: Uint8Array;
  version: unknown;
}

/** What a store is asked. */
type Method = "get" | "put" | "delete" | "list" | "deleteOwned";

const NOTHING: Held = { record: NO_BYTES, version: undefined };

export class GuardedStore {
  /** The versions of the records that were read, by key. */
  readonly #versions = new Map<string, unknown>();

  constructor(
    readonly store: SessionStore,
    readonly timeout: number,
  ) {}

  get hasList(): boolean {
    return typeof this.store.list === "function";
  }

  /** The record under `key`, empty if there is none. */
  async get(key: string): Promise<Uint8Array> {
    const held = await this.#ask("get", () => this.store.get(key), check);
    this.#versions.set(key, held.version);
    return held.record;
  }

  /** Whether the write was done: `false` if its condition does not hold. */
  async apply(operation: Operation, now: number): Promise<boolean> {
    const { key, record, expiresAt } = operation;
    const condition = this.#condition(operation);
    // The write makes another version.
    this.#versions.delete(key);
    if (condition.kind !== "any" && this.store.capabilities?.conditions !== true) {
      const current = await this.get(key);
      if (!holds(condition, current.length > 0 ? current : undefined)) return false;
    }
    if (record === undefined) return await this.delete(key, condition);
    const filing = this.hasList ? operation.filing : undefined;
    const options = { expiresAt, ttl: Math.max(1, expiresAt - now), condition, filing };
    // A copy of its own, since the store may keep it.
    return await this.#ask("put", () => this.store.put(key, record.slice(), options), done);
  }

  delete(key: string, condition: Condition): Promise<boolean> {
    return this.#ask("delete", () => this.store.delete(key, { condition }), done);
  }

  /** The records on an owner's list; only for a store that has lists. */
  list(owner: string): Promise<Filed[]> {
    return this.#ask("list", () => this.store.list!(owner), filed);
  }

  /** Deletes records on an owner's list; only for a store that can. */
  deleteOwned(owner: string, which: { only?: string; except?: string }): Promise<number> {
    return this.#ask("deleteOwned", () => this.store.deleteOwned!(owner, which), ended);
  }

  /** Asks the store, no longer than the timeout, and checks its answer. */
  async #ask<T>(method: Method, ask: () => unknown, check: (answer: unknown, method: Method) => T): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      let answer = ask();
      if (isPromise(answer)) {
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(storeError("store_timeout", method, `did not answer within ${this.timeout} ms`)), this.timeout);
        });
        answer = await Promise.race([answer, late]);
      }
      return check(answer, method);
    } catch (error) {
      throw error instanceof SessionError ? error : storeError("store_failed", method, "failed", error);
    } finally {
      clearTimeout(timer);
    }
  }

  #condition({ key, isAbsent, tag }: Operation): Condition {
    if (isAbsent) return { kind: "absent" };
    if (tag === undefined) return { kind: "any" };
    return { kind: "matches", tag: tag.slice(), version: this.#versions.get(key) };
  }
}

function check(answer: unknown, method: Method): Held {
  if (answer === null || answer === undefined) return NOTHING;
  const isVersioned = typeof answer === "object" && "record" in answer && "version" in answer;
  const { record, version } = isVersioned ? answer : { record: answer, version: undefined };
  if (isBytes(record)) return { record, version };
  if (Object.prototype.toString.call(record) === "[object ArrayBuffer]") {
    return { record: new Uint8Array(record as ArrayBuffer), version };
  }
  throw junk(method, "bytes, null or undefined");
}

function done(answer: unknown, method: Method): boolean {
  if (answer === undefined || typeof answer === "boolean") return answer ?? true;
  throw junk(method, "undefined, true or false");
}

function filed(answer: unknown, method: Method): Filed[] {
  const isFiled = (one: Partial<Filed> | null | undefined) => typeof one?.key === "string" && isBytes(one.entry);
  if (Array.isArray(answer) && answer.every(isFiled)) return answer;
  throw junk(method, "an array of keys and entries in bytes");
}

function ended(answer: unknown, method: Method): number {
  if (isWhole(answer)) return answer;
  throw junk(method, "how many there were");
}

function junk(method: Method, expected: string): SessionError {
  return storeError("store_invalid", method, `answered something else than ${expected}`);
}

function storeError(code: ErrorCode, method: Method, what: string, cause?: unknown): SessionError {
  return new SessionError(code, `the session store's ${method} ${what}`, { cause });
}
