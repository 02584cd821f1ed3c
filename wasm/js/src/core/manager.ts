/** The core's phases, typed. */

import type { CookieOptions, Placement } from "../options.js";
import { random } from "../random.js";
import type { Filing } from "../store.js";
import type { Change } from "./change.js";
import * as glue from "./glue/sessions_bg.js";
import { Core } from "./instance.js";
import type { Lent } from "./lent.js";
import { readListing, readOutcome, readPending, readState, writeChanges, writeMet, writeSettings } from "./message.js";
import type { MessageReader } from "./reader.js";

/** The module with sessions. */
export const sessionsCore = new Core(glue, glue.sessions);

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
  /** Which record to read; `null` if there is nothing to read. */
  key: string | null;
  /** Where to look whether the session has ended, if anywhere. */
  endedKey: string | null;
}

/** A session: its facts, its encoded values, and all of it as bytes for the next phase. */
export interface State {
  parked: Uint8Array;
  values: [string, Uint8Array][];
  flashes: [string, Uint8Array][];
  reason: string | null;
  key: string | null;
  owner: string | null;
  label: string;
  created: number;
  lastSeen: number;
  expiresAt: number;
  authenticatedAt: number | null;
  needsCookie: boolean;
  /** The keys whose updates are to be run again, after a conflict. */
  pending: string[];
  csrf: string | null;
}

/** One write. */
export interface Operation {
  key: string;
  /** `null` to delete. */
  record: Uint8Array | null;
  expiresAt: number;
  isAbsent: boolean;
  tag: Uint8Array | null;
  filing: Filing | null;
}

/** What a commit comes to: writes, and what to send once they are all done. */
export interface Outcome {
  operations: Operation[];
  cookies: string[];
  event: string | null;
  key: string | null;
  isOptional: boolean;
  orphan: string | null;
  failure: Error | null;
  state: State | null;
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
  idleTimeout: number | undefined;
  absoluteTimeout: number | undefined;
  limit: number | undefined;
  namespace: string | undefined;
  owners: boolean;
  cookie: CookieOptions;
  placement: Placement;
  lag: number;
}

const DISCARD = 1;
const REOPEN = 2;

const NO_RANDOMNESS = new Uint8Array(0);
const nothing = (): void => undefined;

/** The core's manager. It survives the loss of the instance that it was made in. */
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

  apply(parked: Uint8Array, changes: readonly Change[]): State {
    return this.#apply(parked, changes, NO_RANDOMNESS);
  }

  csrfToken(parked: Uint8Array, changes: readonly Change[]): State {
    return this.#apply(parked, changes, random());
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

  /** Frees what the core keeps. It is made again if it is needed again. */
  free(): void {
    // An instance that is gone took its managers along.
    if (this.#home !== 0 && this.#home === sessionsCore.instances) sessionsCore.ask(Phase.Free, this.#number, 0, nothing);
    this.#home = 0;
  }

  #apply(parked: Uint8Array, changes: readonly Change[], randomness: Uint8Array): State {
    const answer = this.#ask(Phase.Apply, 0, (message) => {
      message.block(parked);
      message.block(randomness);
      writeChanges(message, changes);
    });
    return readState(answer);
  }

  #make(): void {
    this.#number = sessionsCore.ask(Phase.New, 0, 0, (message) => writeSettings(message, this.#settings)).varint();
    this.#home = sessionsCore.instances;
  }

  #ask(phase: Phase, now: number, write: (message: Lent) => void): MessageReader {
    sessionsCore.instantiate();
    if (this.#home !== sessionsCore.instances) this.#make();
    return sessionsCore.ask(phase, this.#number, now, write);
  }
}
