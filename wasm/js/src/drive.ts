/** The driver: fetches and stores what the core decides. */

import type { Change } from "./core/change.js";
import { NO_BYTES } from "./bytes.js";
import type { CoreManager, Job, Operation, Outcome, State } from "./core/manager.js";
import { type SessionError, usage } from "./error.js";
import type { GuardedStore } from "./guard.js";
import type { Context, Placement, Reason, SessionEvent } from "./options.js";
import { random } from "./random.js";

/** How often a commit is tried again after a conflict: of requests that collide one gets through each time. */
const MAX_RETRIES = 200;
/** From which retry on it waits a little before. */
const PATIENT_RETRIES = 2;

/** What serves the sessions of a request. */
export interface Host {
  core: CoreManager;
  placement: Placement;
  /** `undefined` where sessions are in a cookie alone. */
  store: GuardedStore | undefined;
  now: () => number;
  emit: (kind: SessionEvent["kind"], key: string | undefined, reason?: Reason) => void;
  waitUntil: Context["waitUntil"];
  /** The most bytes that a sealed session may take. */
  limit: number;
}

/** What a request did to its session. */
export interface Work {
  parked: Uint8Array;
  changes: Change[];
  /** Runs the updates again that a merged session asks for, and gives the changes that they make. */
  repeat: (merged: State) => Change[];
  isDiscarded: boolean;
}

/** A commit that is done. */
export interface Committed {
  cookies: string[];
  key: string | undefined;
  /** The session again, if that was asked for. */
  state: State | undefined;
  /** From which the session can be taken up again later. */
  job: Job;
}

/** Reads the session that the cookies name. */
export async function load(host: Host, cookies: string): Promise<State> {
  const pending = host.core.open(cookies, host.now());
  return await resume(host, pending, cookies);
}

/** Reads the session again; the cookies are those that the browser has by now. */
export async function reload(host: Host, parked: Uint8Array, cookies: string): Promise<State> {
  return await resume(host, host.core.reload(parked), cookies);
}

async function resume(host: Host, pending: ReturnType<CoreManager["open"]>, cookies: string): Promise<State> {
  const { parked, key, endedKey } = pending;
  const read = (key: string | undefined) =>
    key === undefined || host.store === undefined ? NO_BYTES : asked(host, key, (store) => store.get(key));
  const [record, ended] = endedKey === undefined ? [await read(key), NO_BYTES] : await Promise.all([read(key), read(endedKey)]);
  const copies = host.placement === "store" ? "" : cookies;
  const state = host.core.resume(parked, record, copies, ended.length > 0, host.now());
  const { event, reason } = state;
  if (event !== undefined) host.emit(event as SessionEvent["kind"], key, reason as Reason);
  return state;
}

/** A commit that is to be carried out. */
export interface Planned {
  job: Job;
  outcome: Outcome;
}

/** Seals the session and says what is to be written. What it throws, nothing was stored of. */
export function plan(host: Host, work: Work, reopens: boolean): Planned {
  const job = newJob(host, work);
  return { job, outcome: host.core.commit(job, reopens) as Outcome };
}

/** Stores the session. */
export async function carryOut(host: Host, work: Work, planned: Planned, reopens: boolean): Promise<Committed> {
  const { job, outcome } = planned;
  const background = inBackground(host, outcome);
  if (background !== undefined) {
    goOn(host, background);
    return { cookies: [], key: outcome.key, state: outcome.state, job };
  }
  const done = store(host, work, planned, reopens);
  // Workers drop a request whose client hangs up, also between two writes that belong together.
  if (outcome.operations.length > 0) goOn(host, done);
  return await done;
}

async function store(host: Host, work: Work, planned: Planned, reopens: boolean): Promise<Committed> {
  let { job, outcome } = planned;
  let retries = 0;
  for (let at = 0; at < outcome.operations.length; ) {
    const operation = outcome.operations[at]!;
    try {
      if (await applied(host, operation)) {
        at += 1;
        continue;
      }
      if (retries >= MAX_RETRIES) throw usage("contended");
      const fresh = await asked(host, operation.key, (store) => store.get(operation.key));
      job.met.push([at, fresh, host.now()]);
      const next = host.core.commit(job, reopens);
      at = 0;
      if ("operations" in next) {
        outcome = next;
        continue;
      }
      host.emit("merged", next.key);
      retries += 1;
      await pause(retries);
      job = newJob(host, { ...work, parked: next.parked, changes: work.repeat(next) });
      outcome = host.core.commit(job, reopens) as Outcome;
    } catch (error) {
      if (operation.isOptional && (error as SessionError).status === 503) {
        if (outcome.event !== "touched") {
          at += 1;
          continue;
        }
        return { cookies: [], key: outcome.key, state: undefined, job };
      }
      forget(host, outcome.orphan);
      throw error;
    }
  }
  if (outcome.event !== undefined) host.emit(outcome.event as SessionEvent["kind"], outcome.key);
  if (outcome.failure !== undefined) throw outcome.failure;
  if (outcome.event === "ended") throw usage("ended");
  return { cookies: outcome.cookies, key: outcome.key, state: outcome.state, job };
}

/** The session again after its commit. */
export function reopened(host: Host, { job, state }: Committed): State {
  return state ?? (host.core.commit(job, true) as Outcome).state!;
}

function newJob(host: Host, { parked, changes, isDiscarded }: Work): Job {
  return { parked, changes, isDiscarded, now: host.now(), random: random(), met: [] };
}

function applied(host: Host, operation: Operation): Promise<boolean> {
  return asked(host, operation.key, (store) => store.apply(operation, host.now()));
}

/**
 * A touch, as work that the response does not wait for: if it has no part in the response, and the runtime lets work go
 * on. If it fails or meets a conflict, it is left out.
 */
function inBackground(host: Host, outcome: Outcome): Promise<void> | undefined {
  const { operations, cookies } = outcome;
  // A cookie that is sealed anew has to wait for its record. The data cookie's old copy does as well as a new one.
  const sealsAnew = cookies.length > (host.placement === "store" ? 0 : 1);
  if (!operations[0]?.isOptional || sealsAnew || host.waitUntil === undefined || host.store === undefined) return undefined;
  const touch = async () => {
    for (const operation of operations) {
      if (!(await applied(host, operation))) return host.emit("touch_dropped", outcome.key);
    }
    host.emit("touched", outcome.key);
  };
  return touch();
}

/** Deletes a record that no browser knows of, as far as the store can still be reached. */
function forget(host: Host, orphan: string | undefined): void {
  if (orphan === undefined || host.store === undefined) return;
  // The error that led here is the one to report.
  goOn(host, host.store.delete(orphan, { kind: "any" }));
}

/** Lets work go on, whatever becomes of the request, as far as the runtime allows. If it fails, that is not told here. */
export function goOn({ waitUntil }: Pick<Context, "waitUntil">, work: Promise<unknown>): void {
  const done = work.catch(() => undefined);
  try {
    waitUntil?.(done);
  } catch {
    // A waitUntil that was passed without its object. The work goes on for as long as the runtime lives.
  }
}

/** What the store answers; tells of one that fails. */
async function asked<T>(host: Host, key: string, ask: (store: GuardedStore) => Promise<T>): Promise<T> {
  try {
    return await ask(host.store!);
  } catch (error) {
    host.emit("store_failed", key);
    throw error;
  }
}

/** Lets others finish, for a random time that grows with the retries. */
async function pause(retries: number): Promise<void> {
  if (retries <= PATIENT_RETRIES) return;
  const most = Math.min(retries, 20);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
}
