/** The core's phases, typed. */

import type { Manager as Exported } from "./glue/fastsession_bg.js";
import type { Change } from "./change.js";
import { call } from "./instance.js";
import type { CookieOptions, Placement } from "../options.js";
import { random } from "../random.js";
import type { Filing } from "../store.js";
import { readListing, readOutcome, readPending, readState, readTexts, writeChanges, writeMet, writeSettings } from "./message.js";

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

/** The core's manager. It survives the loss of the instance that it was made in. */
export class CoreManager {
  readonly #settings: Uint8Array;
  #manager: Exported | undefined;
  #generation = 0;

  constructor(settings: Settings) {
    this.#settings = writeSettings(settings);
    this.#call(() => undefined);
  }

  open(cookies: string, now: number): Pending {
    return readPending(this.#call((manager) => manager.open(cookies, now)));
  }

  resume(parked: Uint8Array, record: Uint8Array, cookies: string, hasEnded: boolean, now: number): State {
    return readState(this.#call((manager) => manager.resume(parked, record, cookies, hasEnded, now)));
  }

  apply(parked: Uint8Array, changes: Change[]): State {
    const encoded = writeChanges(changes);
    return readState(this.#call((manager) => manager.apply(parked, encoded, new Uint8Array(0))));
  }

  csrfToken(parked: Uint8Array, changes: Change[]): State {
    const encoded = writeChanges(changes);
    return readState(this.#call((manager) => manager.apply(parked, encoded, random())));
  }

  verifyCsrf(parked: Uint8Array, token: string): boolean {
    return this.#call((manager) => manager.verify_csrf(parked, token));
  }

  reload(parked: Uint8Array): Pending {
    return readPending(this.#call((manager) => manager.reload(parked)));
  }

  /** What is to be written, or the merged session, which is to be committed instead. */
  commit(job: Job, reopens: boolean): Outcome | State {
    const flags = (job.isDiscarded ? DISCARD : 0) | (reopens ? REOPEN : 0);
    const changes = writeChanges(job.changes);
    const met = writeMet(job.met);
    return readOutcome(this.#call((manager) => manager.commit(job.parked, changes, flags, job.now, job.random, met)));
  }

  /** The `Set-Cookie` headers that remove the session's cookies. */
  removalCookies(): string[] {
    return readTexts(this.#call((manager) => manager.removal_cookies()));
  }

  /** Frees what the core keeps. It is made again if it is needed again. */
  free(): void {
    const manager = this.#manager;
    this.#manager = undefined;
    // An instance that is gone took its managers along.
    call((_, generation) => generation === this.#generation && manager?.free());
  }

  ownerKeys(owner: string): string[] {
    return readTexts(this.#call((manager) => manager.owner_keys(owner)));
  }

  openListing(key: string, entry: Uint8Array): ReturnType<typeof readListing> {
    return readListing(this.#call((manager) => manager.open_listing(key, entry)));
  }

  #call<T>(work: (manager: Exported) => T): T {
    return call((core, generation) => {
      if (this.#manager === undefined || this.#generation !== generation) {
        this.#manager = new core.Manager(this.#settings);
        this.#generation = generation;
      }
      return work(this.#manager);
    });
  }
}
