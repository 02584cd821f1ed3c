/** A store under guard: its failures become typed errors, its answers are checked, and it has to answer in time. */

import { isBytes } from "./bytes.js";
import type { Operation } from "./core/manager.js";
import { type ErrorCode, SessionError } from "./error.js";
import { type Condition, type Filed, holds, type SessionStore } from "./store.js";

/** What a store holds. */
export interface Held {
  record: Uint8Array;
  version: unknown;
}

const NOTHING: Held = { record: new Uint8Array(0), version: undefined };

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
    if (condition.kind !== "any" && this.store.capabilities?.conditions !== true) {
      const current = await this.get(key);
      if (!holds(condition, current.length > 0 ? current : undefined)) return false;
    }
    if (record === null) return await this.delete(key, condition);
    const filing = this.hasList ? (operation.filing ?? undefined) : undefined;
    const options = { expiresAt, ttl: Math.max(1, expiresAt - now), condition, filing };
    // A copy of its own, since the store may keep it.
    return await this.#ask("put", () => this.store.put(key, record.slice(), options), (answer) => done("put", answer));
  }

  async delete(key: string, condition: Condition): Promise<boolean> {
    return await this.#ask("delete", () => this.store.delete(key, { condition }), (answer) => done("delete", answer));
  }

  /** The records on an owner's list; only for a store that has lists. */
  async list(owner: string): Promise<Filed[]> {
    return await this.#ask("list", () => this.store.list!(owner), filed);
  }

  /** Deletes records on an owner's list; only for a store that can. */
  async deleteOwned(owner: string, which: { only?: string; except?: string }): Promise<number> {
    return await this.#ask("end", () => this.store.deleteOwned!(owner, which), ended);
  }

  /** Asks the store, no longer than the timeout, and checks its answer. */
  async #ask<T>(operation: string, work: () => unknown, check: (answer: unknown) => T): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const answer = work();
      if (!isPromise(answer)) return check(answer);
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new SessionError("store_timeout", `the session store did not ${operation} within ${this.timeout} ms`));
        }, this.timeout);
      });
      return check(await Promise.race([answer, late]));
    } catch (error) {
      if (error instanceof SessionError) throw error;
      throw storeError("store_failed", operation, error);
    } finally {
      clearTimeout(timer);
    }
  }

  #condition({ key, isAbsent, tag }: Operation): Condition {
    if (isAbsent) return { kind: "absent" };
    if (tag === null) return { kind: "any" };
    return { kind: "matches", tag: tag.slice(), version: this.#versions.get(key) };
  }
}

function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as { then?: unknown } | null | undefined)?.then === "function";
}

function check(answer: unknown): Held {
  if (answer === null || answer === undefined) return NOTHING;
  const isVersioned = typeof answer === "object" && "record" in answer && "version" in answer;
  const { record, version } = isVersioned ? answer : { record: answer, version: undefined };
  if (isBytes(record)) return { record, version };
  if (Object.prototype.toString.call(record) === "[object ArrayBuffer]") {
    return { record: new Uint8Array(record as ArrayBuffer), version };
  }
  throw storeError("store_invalid", "get", undefined, "bytes, null or undefined");
}

function done(operation: string, answer: unknown): boolean {
  if (answer === undefined || answer === true) return true;
  if (answer === false) return false;
  throw storeError("store_invalid", operation, undefined, "undefined, true or false");
}

function filed(answer: unknown): Filed[] {
  const isFiled = (one: Partial<Filed> | null | undefined) => typeof one?.key === "string" && isBytes(one.entry);
  if (Array.isArray(answer) && answer.every(isFiled)) return answer;
  throw storeError("store_invalid", "list", undefined, "an array of keys and entries in bytes");
}

function ended(answer: unknown): number {
  if (Number.isSafeInteger(answer) && (answer as number) >= 0) return answer as number;
  throw storeError("store_invalid", "deleteOwned", undefined, "how many there were");
}

/** The error of a store that failed or answered nonsense. */
export function storeError(code: ErrorCode, operation: string, cause: unknown, expected?: string): SessionError {
  const text =
    expected === undefined
      ? `the session store failed to ${operation}`
      : `the session store's ${operation} answered something else than ${expected}`;
  return new SessionError(code, text, { cause });
}
