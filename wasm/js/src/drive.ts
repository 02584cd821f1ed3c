/** The driver: fetches and stores what the core decides. */

import { NO_BYTES } from "./bytes.js";
import { failure } from "./core/failure.js";
import { type Ask, type Change, Fact, type Job, Phase, type Planned as Sealed, type State } from "./core/phases.js";
import { SessionError } from "./error.js";
import { ANY, ask, type Guarded, read, write } from "./guard.js";
import { type Context, type Placement, refusedOption, type SessionEvent } from "./options.js";
import { random } from "./random.js";

/** How often a commit is tried again after a conflict: of requests that collide one gets through each time. */
const MAX_RETRIES = 200;
/** From which retry on it waits a little before. */
const PATIENT_RETRIES = 2;

/** What serves the sessions of a request. */
export interface Host extends Guarded {
  ask: Ask;
  placement: Placement;
  now: () => number;
  emit: (kind: SessionEvent["kind"], key?: string | null, reason?: string) => void;
  waitUntil: Context["waitUntil"];
  /** The most bytes that a sealed session may take. */
  limit: number;
}

/** A commit that is to be carried out, and what it comes to. */
export type Planned = [Job, Sealed];

/** What to send once a commit is done, the name of the session's record, and the session again if that was asked for. */
export type Done = [cookies: string[], key: string | undefined, state: State | []];

/** Reads the session that the cookies name. */
export async function load(host: Host, cookies: string): Promise<State> {
  const [key, endedKey, parked] = host.ask(Phase.Open, host.now(), cookies);
  const [record, ended] = endedKey
    ? await Promise.all([read(host, key), read(host, endedKey)])
    : [await read(host, key), NO_BYTES];
  const copies = host.placement === "store" ? "" : cookies;
  const state = host.ask(Phase.Resume, host.now(), parked, ended.length > 0, record, copies);
  const event = state[Fact.Event];
  if (event) host.emit(event as SessionEvent["kind"], key, state[Fact.Reason]);
  return state;
}

/** Seals a session and says what is to be written. What it throws, nothing was stored of. */
export function plan(host: Host, parked: Uint8Array, how: number, changes: Change[]): Planned {
  const job: Job = [host.now(), parked, how, random(), changes, []];
  return [job, host.ask(Phase.Commit, ...job) as Sealed];
}

/** Stores the session; `repeat` gives the changes of the updates that a merged session asks for. */
export async function carryOut(host: Host, planned: Planned, repeat: (merged: State) => Change[]): Promise<Done> {
  const [, , operations, , cookies, , key, ...state] = planned[1];
  const done = store(host, planned, repeat);
  // Workers drop a request whose client hangs up, also between two writes that belong together.
  if (operations.length > 0) goOn(host, done);
  // The response does not wait for a touch, but a cookie that is sealed anew does. Of the data cookie the old copy is as good.
  const mostCookies = host.placement === "store" ? 0 : 1;
  const isTouch = operations[0]?.[5] && cookies.length <= mostCookies;
  return isTouch && host.waitUntil ? [[], key, state] : await done;
}

async function store(host: Host, [job, outcome]: Planned, repeat: (merged: State) => Change[]): Promise<Done> {
  for (let at = 0, retries = 0; ; ) {
    const [, orphan, operations, failed, cookies, event, key, ...state] = outcome;
    const operation = operations[at];
    if (!operation) {
      const kind = failed ? "ended" : event;
      if (kind) host.emit(kind as SessionEvent["kind"], key);
      if (failed) throw failure(failed, refusedOption);
      if (kind === "ended") throw new SessionError(kind);
      return [cookies, key, state];
    }
    try {
      if (await write(host, operation, host.now())) {
        at += 1;
        continue;
      }
      if (retries >= MAX_RETRIES) throw new SessionError("contended");
      job[5].push([at, await read(host, operation[0]), host.now()]);
      at = 0;
      const next = host.ask(Phase.Commit, ...job);
      if (!next[0]) {
        outcome = next;
        continue;
      }
      const [, ...merged] = next;
      host.emit("merged", merged[Fact.Key]);
      retries += 1;
      // Lets others finish, for a random time that grows with the retries.
      if (retries > PATIENT_RETRIES) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(retries, 20)));
      }
      [job, outcome] = plan(host, merged[Fact.Parked], job[2], repeat(merged));
    } catch (error) {
      if (!operation[5] || (error as SessionError).status !== 503) {
        // The error that led here is the one to report.
        if (orphan) goOn(host, ask(host, "delete", orphan, ANY));
        throw error;
      }
      if (event === "touched") return [[], key, state];
      at += 1;
    }
  }
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
