/** The core's phases, typed. */

import { NO_BYTES } from "../bytes.js";
import type { Placement, SessionOptions } from "../options.js";
import type { Filing } from "../store.js";
import type { Change } from "./change.js";
import { __wbg_set_wasm, reserve, sessions } from "./glue/sessions_bg.js";
import { Core } from "./instance.js";
import type { Lent } from "./lent.js";
import { readListing, readOutcome, readPending, readState, writeChanges, writeMet, writeSettings } from "./message.js";
import type { MessageReader } from "./reader.js";

/** The module with sessions. */
export const sessionsCore = new Core(__wbg_set_wasm, reserve, sessions);

/** The phases; the numbers are the same in wasm/src/manager.rs. */
const enum Phase {
  New,
  Free,
  Open,
  Resume,
  Apply,
  Commit,
  Reload,
  VerifyCsrf,
  RemovalCookies,
  OwnerKeys,
  OpenListing,
}

/** A request whose session is still to be read. */
export interface Pending {
  parked: Uint8Array;
  /** Which record to read; `undefined` if there is nothing to read. */
  key: string | undefined;
  /** Where to look whether the session has ended, if anywhere. */
  endedKey: string | undefined;
}

/** A session: its facts, its encoded values, and all of it as bytes for the next phase. */
export interface State {
  parked: Uint8Array;
  values: Map<string, Uint8Array>;
  flashes: Map<string, Uint8Array>;
  reason: string | undefined;
  /** What reading it came to, where that is worth telling. */
  event: string | undefined;
  key: string | undefined;
  owner: string | undefined;
  label: string;
  created: number;
  lastSeen: number;
  expiresAt: number;
  authenticatedAt: number | undefined;
  needsCookie: boolean;
  /** The keys whose updates are to be run again, after a conflict. */
  pending: string[];
  csrf: string | undefined;
}

/** One write. */
export interface Operation {
  key: string;
  /** `undefined` to delete. */
  record: Uint8Array | undefined;
  expiresAt: number;
  isAbsent: boolean;
  tag: Uint8Array | undefined;
  filing: Filing | undefined;
  /** Whether it may be left undone if the store fails. */
  isOptional: boolean;
}

/** What a commit comes to: writes, and what to send once they are all done. */
export interface Outcome {
  operations: Operation[];
  cookies: string[];
  event: string | undefined;
  key: string | undefined;
  orphan: string | undefined;
  failure: Error | undefined;
  state: State | undefined;
}

/** A conflict that was met: how many operations were applied before it, what the store holds, when. */
export type Met = [applied: number, fresh: Uint8Array, now: number];

/** A commit: made anew from this at each call, so that nothing is kept between them. */
export interface Job {
  parked: Uint8Array;
  changes: Change[];
  isDiscarded: boolean;
  now: number;
  random: Uint8Array;
  met: Met[];
}

/** Settings as the core takes them; what is absent is its default. */
export interface Settings {
  keys: string[];
  options: SessionOptions;
  hasOwners: boolean;
  placement: Placement;
  lag: number;
}

const DISCARD = 1;
const REOPEN = 2;

const nothing = (): void => undefined;

/** How many the core keeps. */
const MOST = 64;
/** Those that it keeps, the one used last at the end: memory of the module, of which the garbage collector sees nothing. */
const kept = new Set<CoreManager>();

/** The core's manager. Where the core has none, since its instance is gone or many others were used since, it is made again. */
export class CoreManager {
  readonly #settings: Settings;
  #number = 0;
  /** The instance that it lives in; 0 for none. */
  #home = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#make();
  }

  open(cookies: string, now: number): Pending {
    return readPending(this.#ask(Phase.Open, now, (message) => message.restText(cookies)));
  }

  resume(parked: Uint8Array, record: Uint8Array, cookies: string, hasEnded: boolean, now: number): State {
    const answer = this.#ask(Phase.Resume, now, (message) => {
      message.block(parked);
      message.flag(hasEnded);
      message.block(record);
      message.restText(cookies);
    });
    return readState(answer);
  }

  /** Makes changes, and a CSRF token if there is randomness for it. */
  apply(parked: Uint8Array, changes: readonly Change[], randomness: Uint8Array = NO_BYTES): State {
    const answer = this.#ask(Phase.Apply, 0, (message) => {
      message.block(parked);
      message.block(randomness);
      writeChanges(message, changes);
    });
    return readState(answer);
  }

  verifyCsrf(parked: Uint8Array, token: string): boolean {
    const answer = this.#ask(Phase.VerifyCsrf, 0, (message) => {
      message.block(parked);
      message.restText(token);
    });
    return answer.flag();
  }

  reload(parked: Uint8Array): Pending {
    return readPending(this.#ask(Phase.Reload, 0, (message) => message.block(parked)));
  }

  /** What is to be written, or the merged session, which is to be committed instead. */
  commit(job: Job, reopens: boolean): Outcome | State {
    const answer = this.#ask(Phase.Commit, job.now, (message) => {
      message.block(job.parked);
      message.byte((job.isDiscarded ? DISCARD : 0) | (reopens ? REOPEN : 0));
      message.block(job.random);
      writeChanges(message, job.changes);
      writeMet(message, job.met);
    });
    return readOutcome(answer);
  }

  /** The `Set-Cookie` headers that remove the session's cookies. */
  removalCookies(): string[] {
    return this.#ask(Phase.RemovalCookies, 0, nothing).texts();
  }

  /** The names of a user's lists. */
  ownerKeys(owner: string): string[] {
    return this.#ask(Phase.OwnerKeys, 0, (message) => message.word(owner)).texts();
  }

  openListing(key: string, entry: Uint8Array): ReturnType<typeof readListing> {
    const answer = this.#ask(Phase.OpenListing, 0, (message) => {
      message.word(key);
      message.rest(entry);
    });
    return readListing(answer);
  }

  #free(): void {
    // An instance that is gone took its managers along.
    if (this.#home === sessionsCore.instances) sessionsCore.ask(Phase.Free, this.#number, 0, nothing);
    this.#home = 0;
    kept.delete(this);
  }

  #make(): void {
    this.#number = sessionsCore.ask(Phase.New, 0, 0, (message) => writeSettings(message, this.#settings)).varint();
    this.#home = sessionsCore.instances;
    kept.add(this);
    // Requests that wait for their store may still want the oldest one.
    if (kept.size > MOST) kept.values().next().value!.#free();
  }

  #ask(phase: Phase, now: number, write: (message: Lent) => void): MessageReader {
    sessionsCore.instantiate();
    if (this.#home !== sessionsCore.instances) this.#make();
    else if (kept.size > 1) {
      kept.delete(this);
      kept.add(this);
    }
    return sessionsCore.ask(phase, this.#number, now, write);
  }
}
