/** The session of a request. */

import { isWhole } from "./checks.js";
import { type Change, change, What } from "./core/change.js";
import type { State } from "./core/manager.js";
import { carryOut, type Committed, type Host, plan, type Planned, reload, reopened, type Work } from "./drive.js";
import { invalidArgument, type SessionError, usage } from "./error.js";
import type { Reason } from "./options.js";
import { checkResponse, withSession } from "./respond.js";
import { Staged } from "./staged.js";
import { decode } from "./value/reader.js";
import { checkText, encode } from "./value/writer.js";

/**
 * What a session can hold: what JSON can, and `Uint8Array`, and `bigint`. A field that is `undefined` is left out.
 *
 * Integers are read as a `number` up to ±(2^53 - 1) and as a `bigint` beyond, whichever they were stored as: a field for large
 * ones is `number | bigint`.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value | undefined };

/** `T` where it is a {@link Value}; an interface is one too if its fields are. What is `unknown` is checked when it is stored. */
export type Storable<T> = unknown extends T
  ? T
  : T extends Value | undefined
    ? T
    : T extends symbol | ((...args: never) => unknown)
      ? never
      : { [Field in keyof T]: Storable<T[Field]> };

/** What a session's data must be: an object whose fields are {@link Storable}. */
export type DataOf<Data> = object & { [Key in keyof Data]: Storable<Data[Key]> };

/** The names of the fields of a session's data. */
export type KeyOf<Data> = keyof Data & string;

interface Repeat {
  key: string;
  run: (value: unknown) => unknown;
}

/** `open`: the response is to come. `committed`: it is on its way. `detached`: taken up again after that. */
type Phase = "open" | "committed" | "detached";

const MAX_LABEL = 128;
/** Later times are in milliseconds, by mistake: in seconds it is the year 5138. */
const MAX_UNTIL = 1e11;

/**
 * The session of a request. Its methods but the last few are synchronous and change nothing but the session in
 * memory; {@link commit} stores the changes and puts the cookie into the response.
 *
 * `Data` says what is kept under which key: `createSessions<{ visits: number }>(…)`.
 */
export class Session<Data extends object = any> {
  readonly #host: Host;
  /** What the browser has: the request's cookies, or those of this session's last commit, which may hold its copy. */
  #held: string;
  #staged!: Staged;
  #values!: Map<string, Uint8Array>;
  #flashes!: Map<string, Uint8Array>;
  #repeats!: Repeat[];
  #phase!: Phase;
  #isDestroyed!: boolean;
  #cookies: string[] = [];
  #committed: Committed | undefined;
  /** The commit that is being carried out. */
  #running: Promise<void> | undefined;
  #commits = 0;
  /** Why a commit failed: what this request changed is not stored, or it is not known whether it is. */
  #failure: unknown;
  #key: string | undefined;

  /** @internal */
  constructor(host: Host, state: State, cookies: string) {
    this.#host = host;
    this.#held = cookies;
    this.#takeUp(state, "open");
  }

  get #state(): State {
    return this.#staged.state;
  }

  /**
   * The value under `key`: a copy, so that changing it changes nothing before it is inserted.
   *
   * @throws {@link SessionError} `unreadable_value` if another program wrote it wrongly
   */
  get<K extends KeyOf<Data>>(key: K): Data[K] | undefined {
    const value = this.#values.get(key);
    return value === undefined ? undefined : (decode(value) as Data[K]);
  }

  /**
   * Stores `value` under `key`, replacing what is there; `undefined` removes it. If another request stores the key as
   * well, the one that commits last wins.
   *
   * @param until seconds since 1970 from when on the value is gone
   * @throws `TypeError` that names what cannot be stored; {@link SessionError} `destroyed`, `committed`,
   * `invalid_session_key`, `invalid_until`, `too_large`; the session is unchanged then
   */
  insert<K extends KeyOf<Data>>(key: K, value: Data[K] | undefined, options: { until?: number } = {}): void {
    this.#checkKey(key);
    if (value === undefined) {
      this.remove(key);
      return;
    }
    const { until } = options;
    if (until !== undefined && !isWhole(until, 0, MAX_UNTIL)) throw usage("invalid_until");
    this.#write(What.Insert, key, encode(value, key), until);
  }

  /**
   * Stores under `key` what `make` makes of the value that is there, and gives it back. `make` runs at once, and again on
   * the fresh value if another request changed the session meanwhile, so that no update is lost: it must have no side
   * effects.
   *
   * @throws as {@link insert}
   */
  update<K extends KeyOf<Data>>(key: K, make: (value: Data[K] | undefined) => Data[K]): Data[K] {
    this.#checkKey(key);
    if (typeof make !== "function") throw invalidArgument("update needs a function that makes the new value of the old one");
    const encoded = encode(make(this.get(key)), key);
    this.#write(What.Update, key, encoded);
    this.#repeats.push({ key, run: make as Repeat["run"] });
    return decode(encoded) as Data[K];
  }

  /**
   * Removes the value under `key`; tells whether there was one.
   *
   * @throws {@link SessionError} `destroyed`, `committed`, `invalid_session_key`
   */
  remove(key: KeyOf<Data>): boolean {
    this.#checkKey(key);
    this.#staged.add(change(What.Remove, key));
    return this.#values.delete(key);
  }

  /**
   * Removes the value under `key` and gives it back. Requests that run at the same time may all get it: what must be used once
   * at most belongs into a database with a constraint.
   *
   * @throws as {@link remove}, and {@link get}
   */
  take<K extends KeyOf<Data>>(key: K): Data[K] | undefined {
    const value = this.get(key);
    this.remove(key);
    return value;
  }

  /**
   * Removes all values, flash values included. The session, its owner and its CSRF secret stay.
   *
   * @throws {@link SessionError} `destroyed`, `committed`
   */
  clear(): void {
    this.#checkUsable();
    this.#staged.add(change(What.Clear));
    this.#values.clear();
    this.#flashes.clear();
  }

  /** Whether there is a value under `key`. */
  has(key: KeyOf<Data>): boolean {
    return this.#values.has(key);
  }

  /** The keys. */
  keys(): KeyOf<Data>[] {
    return [...this.#values.keys()] as KeyOf<Data>[];
  }

  /**
   * All values, by key: copies.
   *
   * @throws as {@link get}
   */
  values(): Partial<Data> {
    const all: [string, unknown][] = [...this.#values].map(([key, value]) => [key, decode(value)]);
    return Object.fromEntries(all) as Partial<Data>;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#values.size;
  }

  /**
   * Stores a value that {@link takeFlash} gives once, as a notice to show after a redirect.
   *
   * @throws as {@link insert}
   */
  flash<T = Value>(key: string, value: T): void {
    this.#checkKey(key);
    const encoded = encode(value, key);
    this.#staged.add(change(What.Flash, key, encoded));
    this.#flashes.set(key, encoded);
  }

  /**
   * The flash value under `key`, which is removed. Requests that run at the same time may all get it.
   *
   * @throws as {@link remove}, and {@link get}
   */
  takeFlash<T = Value>(key: string): T | undefined {
    this.#checkKey(key);
    const value = this.#flashes.get(key);
    if (value === undefined) return undefined;
    this.#staged.add(change(What.RemoveFlash, key));
    this.#flashes.delete(key);
    return decode(value) as T;
  }

  /**
   * A CSRF token for a form or a script of this session: 86 characters, others each time. Asking a fresh session for one
   * stores the session.
   *
   * @throws {@link SessionError} `destroyed`, `committed`, `too_large`
   */
  csrfToken(): string {
    this.#checkUsable();
    return this.#staged.csrfToken();
  }

  /** Whether `token` is a CSRF token of this session since its last sign-in. */
  verifyCsrf(token: unknown): boolean {
    if (typeof token !== "string" || this.#isDestroyed) return false;
    return this.#host.core.verifyCsrf(this.#state.parked, token);
  }

  /**
   * Makes the session that of `owner`, a user's name or number as text: the id changes, the CSRF secret is replaced, the absolute
   * lifetime begins anew, and the session is on the owner's list. The values stay: where another user signs in, {@link clear}
   * them first.
   *
   * @throws {@link SessionError} `invalid_owner` if the name has not 1 to 255 bytes; `destroyed`, `committed`, `too_large`
   */
  signIn(owner: string): void {
    checkText(owner, "invalid_owner");
    this.#apply(change(What.SignIn, owner));
  }

  /** Whose session it is, if anybody's. */
  get owner(): string | undefined {
    return this.#isDestroyed ? undefined : this.#state.owner;
  }

  /** When the owner signed in, in seconds since 1970. */
  get authenticatedAt(): number | undefined {
    return this.#isDestroyed ? undefined : this.#state.authenticatedAt;
  }

  /** Whether the owner signed in at most so many seconds ago: to be asked before what should need a fresh sign-in. */
  isRecentlyAuthenticated(seconds: number): boolean {
    const at = this.authenticatedAt;
    return at !== undefined && this.#host.now() - at <= seconds;
  }

  /**
   * Names the session in its owner's list, as by the device that it is used from: up to 128 bytes.
   *
   * @throws {@link SessionError} `invalid_label` if it is longer; `destroyed`, `committed`, `too_large`
   */
  setLabel(label: string): void {
    checkText(label, "invalid_label", MAX_LABEL, 0);
    this.#apply(change(What.Label, label));
  }

  /** What {@link setLabel} set, or nothing. */
  get label(): string {
    return this.#isDestroyed ? "" : this.#state.label;
  }

  /**
   * Gives the session timeouts of its own in seconds, as for "remember me"; one that is not given is the configured one. The
   * idle timeout holds beside the absolute one: whoever is to be remembered for a month needs both. A later {@link signIn}
   * drops them.
   *
   * @throws {@link SessionError} `invalid_lifetime` if it is not 1 second to 400 days; `destroyed`, `committed`, `too_large`
   */
  setLifetime({ idle, absolute }: { idle?: number; absolute?: number }): void {
    for (const seconds of [idle, absolute]) {
      if (seconds !== undefined && !isWhole(seconds)) throw usage("invalid_lifetime");
    }
    this.#apply(change(What.Lifetime, "", undefined, idle, absolute));
  }

  /** When the absolute lifetime began, in seconds since 1970. */
  get created(): number {
    return this.#state.created;
  }

  /** The last request that was written down: requests are, at most once in a tenth of the idle timeout. */
  get lastSeen(): number {
    return this.#state.lastSeen;
  }

  /** From when on the session is over if nobody uses it any more. */
  get expiresAt(): number {
    return this.#state.expiresAt;
  }

  /**
   * Changes the id; the old one is dead then. To be used whenever rights change; {@link signIn} does it by itself.
   *
   * @throws {@link SessionError} `destroyed`, `committed`
   */
  rotate(): void {
    this.#apply(change(What.Rotate));
  }

  /**
   * Ends the session, whatever other requests do meanwhile and even if this one fails. Its values are gone at once.
   *
   * @throws {@link SessionError} `committed`
   */
  destroy(): void {
    this.#checkOpen();
    this.#values.clear();
    this.#flashes.clear();
    this.#isDestroyed = true;
    // What was changed before must not be in the way.
    this.#staged.replace(change(What.Destroy));
  }

  /** Whether {@link destroy} was called. */
  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Why the session is a fresh one; `undefined` if it was read from the store. */
  get reason(): Reason | undefined {
    return this.#state.reason as Reason | undefined;
  }

  /** The name of the session's record, for logs and as the handle in its owner's list; a new session has none yet. */
  get key(): string | undefined {
    return this.#key;
  }

  /**
   * Stores the changes and gives a copy of `response` with the session's cookies appended. To be called after all is
   * done and before the response is sent. A response of status 500 and above stores nothing but {@link destroy}.
   *
   * @throws {@link SessionError}; the response must not be sent then as if all were well: see its `status`. If the changes
   * themselves are refused, as `too_large`, they can be put right and the commit repeated; after any other error every
   * further commit throws the same one.
   */
  async commit(response: Response): Promise<Response> {
    checkResponse(response);
    const cookies = await this.cookies({ discard: response.status >= 500 });
    return withSession(response, cookies);
  }

  /**
   * Stores the changes and gives the `Set-Cookie` headers that the response must carry, each to be appended: for
   * servers that have no `Response`, as Express. Such a response also needs `Vary: Cookie` and `Cache-Control: private`,
   * or `no-store` if there is a cookie.
   *
   * @param options `discard` to store nothing but {@link destroy}, as for a response of status 500 and above
   * @throws as {@link commit}
   */
  async cookies(options: { discard?: boolean } = {}): Promise<string[]> {
    const isDiscarded = options.discard === true;
    while (this.#running !== undefined) await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#phase === "open") await this.#store("committed", isDiscarded, false);
    else if (this.#staged.isDirty && this.#phase === "detached" && (!isDiscarded || this.#isDestroyed)) await this.save();
    const cookies = this.#cookies;
    this.#cookies = [];
    return cookies;
  }

  /**
   * Stores the changes now. To be called after {@link reload} where a request goes on after its response has begun, as a
   * stream or a WebSocket; or before, to be sure that the changes are stored.
   *
   * @throws as {@link commit}; `response_sent` if the session would need a new cookie and the response was sent
   */
  async save(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#checkOpen();
    if (this.#phase === "detached" && !this.#isDestroyed) {
      this.#staged.flush();
      if (this.#state.needsCookie) throw usage("response_sent");
    }
    await this.#store(this.#phase, false, true);
  }

  /**
   * Reads the session again, with what other requests have stored since. Changes that were not saved are dropped.
   *
   * With `placement: "cookie"` others' changes are in other responses and cannot be seen: the session is again as in the
   * request's cookie, or as it was saved last; once the response has begun it can neither be read again nor saved.
   *
   * @throws {@link SessionError} if the store fails; `destroyed`; `response_sent` after the commit if the session is kept in
   * a cookie alone
   */
  async reload(): Promise<void> {
    let commits, state: State;
    do {
      while (this.#running !== undefined) await this.#running.catch(() => undefined);
      if (this.#isDestroyed) throw usage("destroyed");
      if (this.#phase !== "open" && this.#host.placement === "cookie") throw usage("response_sent");
      const parked = this.#committed === undefined ? this.#state.parked : reopened(this.#host, this.#committed).parked;
      commits = this.#commits;
      state = await reload(this.#host, parked, this.#held);
      // Meanwhile, whoever wanted the session ended must not get it back.
      if (this.#isDestroyed) throw usage("destroyed");
      // A commit may have been quicker: what was read may be from before it.
    } while (commits !== this.#commits);
    this.#takeUp(state, this.#phase === "open" ? "open" : "detached");
  }

  /** Begins a commit. Whoever began it goes on before those who have waited for it. */
  #store(next: Phase, isDiscarded: boolean, reopens: boolean): Promise<void> {
    const { state, changes } = this.#staged;
    const work = { parked: state.parked, changes, repeat: (merged: State) => this.#repeat(merged), isDiscarded };
    const planned = plan(this.#host, work, reopens);
    this.#phase = "committed";
    this.#commits++;
    this.#running = this.#carryOut(work, planned, reopens, next);
    return this.#running;
  }

  async #carryOut(work: Work, planned: Planned, reopens: boolean, next: Phase): Promise<void> {
    try {
      const committed = await carryOut(this.#host, work, planned, reopens);
      const name = (cookie: string) => cookie.slice(0, cookie.indexOf("="));
      const fresh = committed.cookies.map(name);
      this.#cookies = [...this.#cookies.filter((old) => !fresh.includes(name(old))), ...committed.cookies];
      // As the browser reads them: what stands behind a value is other cookies to the core.
      if (fresh.length > 0) this.#held = committed.cookies.join("; ");
      this.#key = committed.key ?? this.#key;
      if (reopens) this.#takeUp(reopened(this.#host, committed), next, this.#isDestroyed);
      else this.#committed = committed;
    } catch (error) {
      this.#failure = error;
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  #takeUp(state: State, phase: Phase, isDestroyed = false): void {
    this.#staged = new Staged(this.#host.core, this.#host.limit, state);
    this.#values = state.values;
    this.#flashes = state.flashes;
    this.#repeats = [];
    this.#committed = undefined;
    this.#failure = undefined;
    this.#isDestroyed = isDestroyed;
    this.#key = state.key;
    this.#phase = phase;
  }

  /** The changes that the updates make which a merged session asks for. */
  #repeat(merged: State): Change[] {
    this.#values = merged.values;
    this.#flashes = merged.flashes;
    const changes: Change[] = [];
    for (const { key, run } of this.#repeats.filter(({ key }) => merged.pending.includes(key))) {
      const value = this.#values.get(key);
      const encoded = encode(run(value === undefined ? undefined : decode(value)), key);
      this.#values.set(key, encoded);
      changes.push(change(What.Update, key, encoded));
    }
    return changes;
  }

  #write(what: What, key: string, encoded: Uint8Array, until?: number): void {
    this.#staged.add(change(what, key, encoded, until));
    this.#values.set(key, encoded);
  }

  /** Makes a change at once, for what it says of the session. */
  #apply(made: Change): void {
    this.#checkUsable();
    this.#staged.apply(made);
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#phase === "committed") throw usage("committed");
  }

  #checkUsable(): void {
    this.#checkOpen();
    if (this.#isDestroyed) throw usage("destroyed");
  }

  #checkKey(key: unknown): void {
    this.#checkUsable();
    checkText(key, "invalid_session_key");
  }
}
