/** The session of a request. */

import { brand } from "./brand.js";
import { NO_BYTES } from "./bytes.js";
import { isWhole, MAX_TIME } from "./checks.js";
import { type Change, Fact, How, Phase as Core, type State, type Values, What } from "./core/phases.js";
import type { KeyOf, Value } from "./data.js";
import { carryOut, type Host, load, plan, type Planned } from "./drive.js";
import { invalidArgument, SessionError } from "./error.js";
import type { Reason } from "./options.js";
import { random } from "./random.js";
import { checkResponse, withSession } from "./respond.js";
import { decode } from "./value/reader.js";
import { checkText, encode } from "./value/writer.js";

const enum Phase {
  /** The response is to come. */
  Open,
  /** It is on its way. */
  Committed,
  /** The session was taken up again after that. */
  Detached,
}

const MAX_LABEL = 128;
/** How many changes may pile up before the core is told of them. */
const MOST_CHANGES = 256;
/** What a change and a session take besides keys and values, at the most. */
const CHANGE_OVERHEAD = 32;
const SESSION_OVERHEAD = 512;

/**
 * The session of a request. Its methods but the last few are synchronous and change nothing but the session in
 * memory; {@link commit} stores the changes and puts the cookie into the response.
 *
 * `Data` says what is kept under which key: `createSessions<{ visits: number }>(…)`.
 */
export class Session<Data extends object = any> {
  readonly #host: Host;
  /** The cookies of the request. */
  readonly #request: string;
  /** Those that were set since, without their attributes, by name. */
  readonly #set = new Map<string, string>();
  #state!: State;
  #values!: Map<string, Uint8Array>;
  #flashes!: Map<string, Uint8Array>;
  /** What the core is still to be told of: with the commit, or before where the session could become too large. */
  #changes!: Change[];
  /** How many more bytes changes may take, before the core is told of them. */
  #room!: number;
  /** Whether anything was changed since the session was read or stored. */
  #isDirty!: boolean;
  #repeats!: [key: string, make: (value: any) => unknown][];
  #phase!: Phase;
  #isDestroyed!: boolean;
  /** Those to be sent, by name. */
  readonly #cookies = new Map<string, string>();
  /** The commit that is being carried out. */
  #running: Promise<void> | undefined;
  #commits = 0;
  /** Why a commit failed: what this request changed is not stored, or it is not known whether it is. */
  #failure: unknown;

  /** @internal */
  constructor(host: Host, state: State, cookies: string) {
    this.#host = host;
    this.#request = cookies;
    this.#takeUp(state, Phase.Open);
  }

  /**
   * The value under `key`: a copy, so that changing it changes nothing before it is inserted.
   *
   * @throws {@link SessionError} `unreadable_value` if another program wrote it wrongly
   */
  get<K extends KeyOf<Data>>(key: K): Data[K] | undefined {
    const value = this.#values.get(key);
    return value && (decode(value) as Data[K]);
  }

  /**
   * Stores `value` under `key`, replacing what is there; `undefined` removes it. If another request stores the key as
   * well, the one that commits last wins.
   *
   * @param until seconds since 1970 from when on the value is gone
   * @throws `TypeError` that names what cannot be stored; {@link SessionError} `destroyed`, `committed`,
   * `invalid_session_key`, `invalid_until`, `too_large`; the session is unchanged then
   */
  insert<K extends KeyOf<Data>>(key: K, value: Data[K] | undefined, { until }: { until?: number } = {}): void {
    this.#checkKey(key);
    if (value === undefined) return void this.remove(key);
    if (until !== undefined && !isWhole(until, 0, MAX_TIME)) throw new SessionError("invalid_until");
    const encoded = encode(value, key);
    this.#change(What.Insert, key, encoded, until);
    this.#put(key, encoded);
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
    if (typeof make !== "function") throw invalidArgument("update needs a function of the old value");
    const encoded = encode(make(this.get(key)), key);
    this.#change(What.Update, key, encoded);
    this.#put(key, encoded);
    this.#repeats.push([key, make]);
    return decode(encoded) as Data[K];
  }

  /**
   * Removes the value under `key`; tells whether there was one.
   *
   * @throws {@link SessionError} `destroyed`, `committed`, `invalid_session_key`
   */
  remove(key: KeyOf<Data>): boolean {
    this.#checkKey(key);
    const isThere = this.has(key);
    // The core may be told of the change, and tell what is left then.
    this.#change(What.Remove, key);
    this.#values.delete(key);
    return isThere;
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
    this.#change(What.Clear);
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
    return Object.fromEntries(this.keys().map((key) => [key, this.get(key)])) as Partial<Data>;
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
    this.#change(What.Flash, key, encoded);
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
    this.#change(What.RemoveFlash, key);
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
    this.#tell(this.#changes, random());
    return this.#state[Fact.Csrf]!;
  }

  /** Whether `token` is a CSRF token of this session since its last sign-in. */
  verifyCsrf(token: unknown): boolean {
    if (typeof token !== "string" || this.#isDestroyed) return false;
    return this.#host.ask(Core.VerifyCsrf, 0, this.#state[Fact.Parked], token)[0];
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
    this.#change(What.SignIn, owner);
  }

  /** Whose session it is, if anybody's. */
  get owner(): string | undefined {
    return this.#state[Fact.Owner];
  }

  /** When the owner signed in, in seconds since 1970. */
  get authenticatedAt(): number | undefined {
    return this.#state[Fact.AuthenticatedAt];
  }

  /** Whether the owner signed in at most so many seconds ago: to be asked before what should need a fresh sign-in. */
  isRecentlyAuthenticated(seconds: number): boolean {
    // Who did not sign in did so at no number, which is less than none.
    return this.#host.now() - Number(this.authenticatedAt) <= seconds;
  }

  /**
   * Names the session in its owner's list, as by the device that it is used from: up to 128 bytes.
   *
   * @throws {@link SessionError} `invalid_label` if it is longer; `destroyed`, `committed`, `too_large`
   */
  setLabel(label: string): void {
    checkText(label, "invalid_label", MAX_LABEL, 0);
    this.#change(What.Label, label);
  }

  /** What {@link setLabel} set, or nothing. */
  get label(): string {
    return this.#state[Fact.Label];
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
      if (seconds !== undefined && !isWhole(seconds)) throw new SessionError("invalid_lifetime");
    }
    this.#change(What.Lifetime, "", NO_BYTES, idle, absolute);
  }

  /** When the absolute lifetime began, in seconds since 1970. */
  get created(): number {
    return this.#state[Fact.Created];
  }

  /** The last request that was written down: requests are, at most once in a tenth of the idle timeout. */
  get lastSeen(): number {
    return this.#state[Fact.LastSeen];
  }

  /** From when on the session is over if nobody uses it any more. */
  get expiresAt(): number {
    return this.#state[Fact.ExpiresAt];
  }

  /**
   * Changes the id; the old one is dead then. To be used whenever rights change; {@link signIn} does it by itself.
   *
   * @throws {@link SessionError} `destroyed`, `committed`
   */
  rotate(): void {
    this.#change(What.Rotate);
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
    this.#state[Fact.Owner] = this.#state[Fact.AuthenticatedAt] = undefined;
    this.#state[Fact.Label] = "";
    this.#isDestroyed = this.#isDirty = true;
    // What was changed before must not be in the way.
    this.#changes = [[What.Destroy, "", NO_BYTES, undefined, undefined]];
  }

  /** Whether {@link destroy} was called. */
  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Why the session is a fresh one; `undefined` if it was read from the store. */
  get reason(): Reason | undefined {
    return this.#state[Fact.Reason] as Reason | undefined;
  }

  /** The name of the session's record, for logs and as the handle in its owner's list; a new session has none yet. */
  get key(): string | undefined {
    return this.#state[Fact.Key];
  }

  /**
   * Stores the changes and gives a copy of `response` with the session's cookies appended. To be called after all is
   * done and before the response is sent. A response of status 500 and above stores nothing but {@link destroy}.
   *
   * @throws {@link SessionError}; the response must not be sent then as if all were well: see its `status`. If the changes
   * themselves are refused, as `too_large`, they can be put right and the commit repeated; after any other error, and where they
   * are too large only together with another request's, every further commit throws the same one until {@link reload}.
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
  async cookies({ discard = false }: { discard?: boolean } = {}): Promise<string[]> {
    while (this.#running) await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#phase === Phase.Open) await this.#store(Phase.Committed, discard ? How.Discard : 0);
    else if (this.#isDirty && this.#phase === Phase.Detached && (!discard || this.#isDestroyed)) await this.save();
    const cookies = [...this.#cookies.values()];
    this.#cookies.clear();
    return cookies;
  }

  /**
   * Stores the changes now. To be called after {@link reload} where a request goes on after its response has begun, as a
   * stream or a WebSocket; or before, to be sure that the changes are stored.
   *
   * @throws as {@link commit}; `response_sent` if the session would need a new cookie and the response was sent
   */
  async save(): Promise<void> {
    while (this.#running) await this.#running;
    this.#checkOpen();
    if (this.#phase === Phase.Detached && !this.#isDestroyed) {
      if (this.#changes.length > 0) this.#tell(this.#changes);
      if (this.#state[Fact.NeedsCookie]) throw new SessionError("response_sent");
    }
    await this.#store(this.#phase, How.Reopen);
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
      while (this.#running) await this.#running.catch(() => undefined);
      this.#checkAlive();
      if (this.#phase !== Phase.Open && this.#host.placement === "cookie") throw new SessionError("response_sent");
      commits = this.#commits;
      // What was set since the request stands before what came with it.
      state = await load(this.#host, [...this.#set.values(), this.#request].join("; "));
      // Meanwhile, whoever wanted the session ended must not get it back.
      this.#checkAlive();
      // A commit may have been quicker: what was read may be from before it.
    } while (commits !== this.#commits);
    this.#takeUp(state, this.#phase === Phase.Open ? Phase.Open : Phase.Detached);
  }

  /** Begins a commit. Whoever began it goes on before those who have waited for it. */
  #store(next: Phase, how: number): Promise<void> {
    const planned = plan(this.#host, this.#state[Fact.Parked], how, this.#changes);
    const before = this.#phase;
    this.#phase = Phase.Committed;
    this.#commits++;
    this.#running = this.#carryOut(planned, next, before);
    return this.#running;
  }

  async #carryOut(planned: Planned, next: Phase, before: Phase): Promise<void> {
    try {
      const [cookies, key, state] = await carryOut(this.#host, planned, (merged) => this.#repeat(merged));
      for (const cookie of cookies) {
        const name = cookie.split("=", 1)[0]!;
        this.#cookies.set(name, cookie);
        this.#set.set(name, cookie.split(";", 1)[0]!);
      }
      this.#state[Fact.Key] = key ?? this.#state[Fact.Key];
      if (state.length !== 0) this.#takeUp(state, next, this.#isDestroyed);
    } catch (error) {
      this.#failure = error;
      // No response goes out with that, so that a session which is read again can still have its cookie.
      this.#phase = before;
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  #takeUp(state: State, phase: Phase, isDestroyed = false): void {
    this.#told(state);
    this.#repeats = [];
    this.#isDirty = false;
    this.#failure = undefined;
    this.#isDestroyed = isDestroyed;
    this.#phase = phase;
  }

  /** The changes that the updates make which a merged session asks for. */
  #repeat(merged: State): Change[] {
    this.#told(merged);
    for (const [key, make] of this.#repeats) {
      if (!merged[Fact.Pending].includes(key)) continue;
      const encoded = encode(make(this.get(key as KeyOf<Data>)), key);
      this.#put(key, encoded);
      this.#changes.push([What.Update, key, encoded, undefined, undefined]);
    }
    return this.#changes;
  }

  /** Keys are in the order in which they were last written, as in the core. */
  #put(key: string, encoded: Uint8Array): void {
    this.#values.delete(key);
    this.#values.set(key, encoded);
  }

  /**
   * Makes a change: at once where it says something of the session, or could make it too large. If it throws, nothing was changed.
   */
  #change(what: What, name = "", value = NO_BYTES, first?: number, second?: number): void {
    this.#checkUsable();
    const change: Change = [what, name, value, first, second];
    this.#room -= 3 * name.length + value.length + CHANGE_OVERHEAD;
    if (what >= What.SignIn || this.#changes.length >= MOST_CHANGES || this.#room < 0) {
      this.#tell([...this.#changes, change]);
    } else {
      this.#changes.push(change);
      this.#isDirty = true;
    }
  }

  /** Tells the core of changes. */
  #tell(changes: Change[], randomness = NO_BYTES): void {
    this.#told(this.#host.ask(Core.Apply, 0, this.#state[Fact.Parked], randomness, changes));
    this.#isDirty = true;
  }

  /** Takes the session as the core has it. */
  #told(state: State): void {
    this.#state = state;
    this.#values = mapOf(state[Fact.Values]);
    this.#flashes = mapOf(state[Fact.Flashes]);
    this.#changes = [];
    this.#room = this.#host.limit - state[Fact.Parked].length - SESSION_OVERHEAD;
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#phase === Phase.Committed) throw new SessionError("committed");
  }

  #checkAlive(): void {
    if (this.#isDestroyed) throw new SessionError("destroyed");
  }

  #checkUsable(): void {
    this.#checkOpen();
    this.#checkAlive();
  }

  #checkKey(key: unknown): void {
    this.#checkUsable();
    checkText(key, "invalid_session_key");
  }
}

brand(Session, "Session");

/** Values by their keys: of one that is there twice the first counts, as in the core. */
function mapOf(values: Values): Map<string, Uint8Array> {
  const map = new Map<string, Uint8Array>();
  for (let at = 0; at < values.length; at += 2) {
    const key = values[at] as string;
    if (!map.has(key)) map.set(key, values[at + 1] as Uint8Array);
  }
  return map;
}
