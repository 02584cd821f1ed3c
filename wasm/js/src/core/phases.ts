/** The core's phases: what each takes and gives, in the order that wasm/src has it. */

import { refusedOption } from "../options.js";
import { Core } from "./instance.js";

/** The module with sessions. */
export const sessionsCore = new Core("sessions", refusedOption);

/** The phases; the numbers are the same in wasm/src/manager.rs. */
export const enum Phase {
  Open = 2,
  Resume,
  Apply,
  Commit,
  VerifyCsrf,
  RemovalCookies,
  OwnerKeys,
  OpenListing,
}

/** What each phase takes and gives. */
export interface Phases {
  /** Finds the session cookie. */
  [Phase.Open]: (cookies: string) => Pending;
  /** Makes the session of the record that the store holds, or of the copies in cookies. */
  [Phase.Resume]: (parked: Uint8Array, hasEnded: boolean, record: Uint8Array, cookies: string) => State;
  /** Makes changes, and a CSRF token if there is randomness for it. */
  [Phase.Apply]: (parked: Uint8Array, randomness: Uint8Array, changes: Change[]) => State;
  /** Makes changes, then seals the session. What it throws, nothing was stored of. */
  [Phase.Commit]: (parked: Uint8Array, how: number, random: Uint8Array, changes: Change[], met: Met[]) => Outcome;
  [Phase.VerifyCsrf]: (parked: Uint8Array, token: string) => [isOurs: boolean];
  /** The `Set-Cookie` headers that remove the session's cookies. */
  [Phase.RemovalCookies]: () => [cookies: string[]];
  /** The names of a user's lists. */
  [Phase.OwnerKeys]: (owner: string) => [keys: string[]];
  /** Opens an entry of a list; nothing if it is not one of ours. */
  [Phase.OpenListing]: (key: string, entry: Uint8Array) => [label: string | undefined, created: number, lastSeen: number];
}

/** Runs a phase of a manager, at a time in seconds where it matters. */
export type Ask = <P extends keyof Phases>(phase: P, now: number, ...values: Parameters<Phases[P]>) => ReturnType<Phases[P]>;

/** A request whose session is still to be read. */
export type Pending = [
  /** Which record to read; `undefined` if there is nothing to read. */
  key: string | undefined,
  /** Where to look whether the session has ended, if anywhere. */
  endedKey: string | undefined,
  parked: Uint8Array,
];

/** A session's facts, by their place in its {@link State}. */
export const enum Fact {
  Values,
  Flashes,
  Reason,
  Event,
  Key,
  Owner,
  Label,
  Created,
  LastSeen,
  ExpiresAt,
  AuthenticatedAt,
  NeedsCookie,
  Pending,
  Csrf,
  Parked,
}

/** Keys and encoded values in turns. A key may be there twice: the first counts. */
export type Values = (string | Uint8Array)[];

/** A session: its facts, its values, and all of it as bytes for the next phase. */
export type State = [
  values: Values,
  flashes: Values,
  reason: string | undefined,
  /** What reading it came to, where that is worth telling. */
  event: string | undefined,
  key: string | undefined,
  owner: string | undefined,
  label: string,
  created: number,
  lastSeen: number,
  expiresAt: number,
  authenticatedAt: number | undefined,
  needsCookie: boolean,
  /** The keys whose updates are to be run again, after a conflict. */
  pending: string[],
  csrf: string | undefined,
  parked: Uint8Array,
];

/** The kinds of changes; the numbers are the same in wasm/src/change.rs. */
export const enum What {
  Insert,
  Update,
  Flash,
  Remove,
  RemoveFlash,
  Clear,
  SignIn,
  Label,
  Lifetime,
  Rotate,
  Destroy,
}

/** What a request did: the key or name that it concerns, an encoded value, and two times or durations in seconds. */
export type Change = [what: What, name: string, value: Uint8Array, first: number | undefined, second: number | undefined];

/** How to commit: flags. */
export const enum How {
  /** Store nothing but the end of the session. */
  Discard = 1,
  /** Give the session again, to go on with. */
  Reopen = 2,
}

/** A commit: made anew from this at each call, so that nothing is kept between them. */
export type Job = [
  now: number,
  parked: Uint8Array,
  how: number,
  random: Uint8Array,
  changes: Change[],
  met: Met[],
];

/** A conflict that was met: how many operations were applied before, what the store holds, when. */
export type Met = [applied: number, fresh: Uint8Array, now: number];

/** One write. */
export type Operation = [
  key: string,
  /** `undefined` to delete. */
  record: Uint8Array | undefined,
  expiresAt: number,
  /** What must be there: the record with this tag, `false` for none, or whatever it is. */
  condition: Uint8Array | false | undefined,
  filing: [owner: string, entry: Uint8Array, isNew: boolean, until: number] | undefined,
  /** Whether it may be left undone if the store fails. */
  isOptional: boolean,
];

/** What a commit comes to: writes, and what to send once they are all done. */
export type Planned = [
  isMerged: false,
  /** A record to delete if the writes fail, of which no browser knows. */
  orphan: string | undefined,
  operations: Operation[],
  /** What to throw once the writes are done: nothing follows then. */
  failure: unknown[] | undefined,
  cookies: string[],
  event: string | undefined,
  key: string | undefined,
  /** The session again, if that was asked for. */
  ...state: State | [],
];

/** The same; or, after a conflict, the merged session, which is to be committed instead. */
export type Outcome = Planned | [isMerged: true, ...state: State];
