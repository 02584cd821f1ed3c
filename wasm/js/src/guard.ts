/** The store under guard: its failures become typed errors, its answers are checked, and it has to answer in time. */

import { isBytes, nameOf, NO_BYTES } from "./bytes.js";
import { isPromise, isWhole } from "./checks.js";
import type { Operation } from "./core/phases.js";
import { type ErrorCode, SessionError } from "./error.js";
import { type Condition, type Filed, holds, type SessionStore, type Versioned } from "./store.js";

/** What a store is asked, and what it answers once that is checked. */
interface Answers {
  get: Versioned;
  put: boolean;
  delete: boolean;
  list: Filed[];
  deleteOwned: number;
}

/** A store, and how it is asked. */
export interface Guarded {
  /** `undefined` where sessions are in a cookie alone: nothing is asked then. */
  store: SessionStore | undefined;
  /** Milliseconds that it may take. */
  timeout: number;
  /** The versions of the records that were read, by key. */
  versions: Map<string, unknown>;
  /** Tells of a store that fails. */
  emit: (kind: "store_failed", key: string) => void;
}

/** For a write that asks for nothing. */
export const ANY: { condition: Condition } = { condition: { kind: "any" } };

/** What each answer is, `undefined` if it is something else; and the same in words. */
const CHECKS: { [M in keyof Answers]: [(answer: any) => Answers[M] | undefined, string] } = {
  get: [versioned, "bytes, null or undefined"],
  put: [isDone, "undefined, true or false"],
  delete: [isDone, "undefined, true or false"],
  list: [
    (answer) => (Array.isArray(answer) && answer.every(isFiled) ? answer : undefined),
    "an array of keys and entries in bytes",
  ],
  deleteOwned: [(answer) => (isWhole(answer) ? answer : undefined), "how many there were"],
};

/** Asks the store, no longer than the timeout, and checks its answer. */
export async function ask<M extends keyof Answers>(
  { store, timeout, emit }: Guarded,
  method: M,
  ...asked: Parameters<NonNullable<SessionStore[M]>>
): Promise<Answers[M]> {
  const failure = (code: ErrorCode, what: string, cause?: unknown) =>
    new SessionError(code, `the session store's ${method} ${what}`, { cause });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    let answer: unknown = (store![method] as (...asked: unknown[]) => unknown)(...asked);
    if (isPromise(answer)) {
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(failure("store_timeout", `did not answer within ${timeout} ms`)), timeout);
      });
      answer = await Promise.race([answer, late]);
    }
    const [check, expected] = CHECKS[method];
    const checked = check(answer);
    if (checked === undefined) throw failure("store_invalid", `must answer ${expected}`);
    return checked;
  } catch (error) {
    emit("store_failed", asked[0]);
    throw error instanceof SessionError ? error : failure("store_failed", "failed", error);
  } finally {
    clearTimeout(timer);
  }
}

/** The record under `key`, empty if there is none, or no key, or no store. */
export async function read(guarded: Guarded, key: string | undefined): Promise<Uint8Array> {
  if (!key || !guarded.store) return NO_BYTES;
  const { record, version } = await ask(guarded, "get", key);
  guarded.versions.set(key, version);
  return record;
}

/** Whether the write was done: `false` if its condition does not hold. */
export async function write(guarded: Guarded, operation: Operation, now: number): Promise<boolean> {
  const [key, record, expiresAt, tag, filed] = operation;
  const { store, versions } = guarded;
  const other: Condition = tag === false ? { kind: "absent" } : ANY.condition;
  const condition: Condition = tag ? { kind: "matches", tag, version: versions.get(key) } : other;
  // The write makes another version.
  versions.delete(key);
  if (condition.kind !== "any" && !store!.capabilities?.conditions) {
    const held = await read(guarded, key);
    if (!holds(condition, held.length > 0 ? held : undefined)) return false;
  }
  if (!record) return ask(guarded, "delete", key, { condition });
  const filing = filed && store!.list && { owner: filed[0], entry: filed[1], isNew: filed[2], until: filed[3] };
  return ask(guarded, "put", key, record, { expiresAt, ttl: Math.max(1, expiresAt - now), condition, filing });
}

function isFiled(one: Partial<Filed> | null | undefined): boolean {
  return typeof one?.key === "string" && isBytes(one.entry);
}

function isDone(answer: unknown): boolean | undefined {
  return typeof answer === "boolean" ? answer : answer === undefined ? true : undefined;
}

function versioned(answer: any): Versioned | undefined {
  const { record = answer, version } = answer ?? { record: NO_BYTES };
  if (isBytes(record)) return { record, version };
  return nameOf(record) === "ArrayBuffer" ? { record: new Uint8Array(record), version } : undefined;
}
