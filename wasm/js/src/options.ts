/** Settings. */

import { isPromise, isWhole } from "./checks.js";
import { SessionError } from "./error.js";
import type { Capabilities, SessionStore } from "./store.js";

/** What a request brings along besides itself, as Workers do. */
export interface Context<Env = unknown> {
  /** The bindings of a Worker; whatever the options' functions need. */
  env?: Env;
  /**
   * Lets work go on, as that of a Worker's context. All writes are handed to it, so that a client that hangs up cannot leave a
   * sign-out or a change of the id half done; the response waits for all of them but for that of the time of the last visit.
   */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** The session cookie. */
export interface CookieOptions {
  /** `__Host-session` unless set. */
  name?: string;
  /** `/` unless set. */
  path?: string;
  /** None unless set, so that the cookie is sent to this host only. */
  domain?: string;
  /** Over HTTPS only: `true` unless set. Without, the name must not begin with `__Host-` or `__Secure-`. */
  secure?: boolean;
  /** Hidden from scripts: `true` unless set. */
  httpOnly?: boolean;
  /** `lax` unless set. */
  sameSite?: "lax" | "strict" | "none";
  /** Kept apart for each site that embeds this one: `false` unless set. */
  partitioned?: boolean;
  /**
   * Outlives the browser: `true` unless set. Without, the browser forgets the cookie when it closes, but not that of a
   * session with an absolute timeout of its own (`setLifetime`), which is how "remember me" is done.
   */
  persistent?: boolean;
}

/** Where sessions are kept. */
export type Placement =
  /** In the store; the cookie holds only the id. */
  | "store"
  /**
   * In a second cookie, and in no store. Signing out only removes it from this browser, and of two responses that write
   * the last one wins. Up to about 3 KB.
   */
  | "cookie"
  /** In the store, with a short-lived copy in a second cookie: for stores whose reads may be old. Up to about 3 KB. */
  | "both";

/** What happened to a session. */
export interface SessionEvent {
  kind:
    /** It was over, by one of its timeouts, and a fresh one began. */
    | "expired"
    /** Its cookie or record was not accepted for another reason, and a fresh one began. */
    | "refused"
    /** A record was stored for a fresh one. */
    | "created"
    /** Changes were stored. */
    | "stored"
    /** The time of the last request was stored, or the record sealed anew under the newest key. */
    | "touched"
    /** That was not done, since another request changed it meanwhile. Nothing is lost. */
    | "touch_dropped"
    /** It has a new id. */
    | "rotated"
    /** It was ended by this request. */
    | "destroyed"
    /** Another request changed it meanwhile; the changes of both are kept. */
    | "merged"
    /** Another request ended it or changed its id meanwhile; this one's changes are lost. */
    | "ended"
    /** The store's record was older than what the browser brought along, as is expected where reads may be old. */
    | "stale_read"
    /** The store could not be asked. */
    | "store_failed";
  /** The name of the session's record. An id never appears here. */
  key: string | null;
  /** Why a fresh session began: with `expired` and `refused`. */
  reason?: Reason;
}

/** Why a session is a fresh one. */
export type Reason = "no_cookie" | "bad_cookie" | "missing" | "expired" | "unreadable" | "clock_ahead";

/** A request's {@link Context}, in which a runtime with bindings always has them. */
export interface Surroundings<Env = any> extends Context<Env> {
  /** The bindings of a Worker; whatever else was given as `env`. */
  env: Env;
}

/** The settings of {@link createSessions}; only `keys` and `store` have no default. */
export interface SessionOptions<Env = any> {
  /**
   * Fernet keys in base64, newest first: the first seals, all of them open. One text may hold several, separated by commas
   * or white space. As a function where they come with the request, as a Worker's secrets do; it gives them at once, not a
   * promise.
   */
  keys: string | readonly string[] | ((context: Surroundings<Env>) => string | readonly string[]);
  /**
   * Where records are kept. As a function where it comes with the request, as a Worker's bindings do; it gives the store at
   * once, not a promise.
   */
  store?: SessionStore | ((context: Surroundings<Env>) => SessionStore);
  /** Seconds that a session lives unused: 3,600 unless set. */
  idleTimeout?: number;
  /** Seconds that a session lives after its creation or last sign-in: 1,209,600 (14 days) unless set. */
  absoluteTimeout?: number;
  /** The session cookie. */
  cookie?: CookieOptions;
  /** `store` unless set, and `both` if the store says that it is not consistent. */
  placement?: Placement;
  /** What keeps these sessions apart from others in the same store: `session` unless set. */
  namespace?: string;
  /** The most bytes of a sealed session: 65,536 unless set. */
  limit?: number;
  /** Milliseconds that the store may take to answer: 10,000 unless set, at most 2,147,483,647. */
  timeout?: number;
  /** Called with what happens to sessions, to log and count. */
  onEvent?: (event: SessionEvent) => void;
  /** Seconds since 1970: the system's clock unless set. */
  clock?: () => number;
}

/** The longest time that a timer can wait: it takes a longer one for none at all. */
const MOST_MILLISECONDS = 2 ** 31 - 1;
/** The longest lag that the core takes. */
const MOST_LAG = 3_600;

/** What an option may be: a check, and the same in words. */
type Kind = [(value: unknown) => boolean, string];

const isText = (value: unknown): boolean => typeof value === "string";
const isFunction = (value: unknown): boolean => typeof value === "function";
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const isKeys = (value: unknown): boolean => isText(value) || (Array.isArray(value) && value.every(isText));

const TEXT: Kind = [isText, "text"];
const FLAG: Kind = [(value) => typeof value === "boolean", "true or false"];
const SECONDS: Kind = [(value) => isWhole(value), "whole seconds"];
const FUNCTION: Kind = [isFunction, "a function"];
const METHOD: Kind = [isFunction, "a method, or left out"];
const OBJECT: Kind = [isObject, "an object"];
const oneOf = (...names: unknown[]): Kind => [(value) => names.includes(value), names.join(" or ")];

const OPTIONS: Record<keyof SessionOptions, Kind> = {
  keys: [(value) => isKeys(value) || isFunction(value), "text, an array of texts, or a function that gives them"],
  store: [(value) => isObject(value) || isFunction(value), "a store, or a function that gives one"],
  idleTimeout: SECONDS,
  absoluteTimeout: SECONDS,
  cookie: OBJECT,
  placement: oneOf("store", "cookie", "both"),
  namespace: TEXT,
  limit: [(value) => isWhole(value), "whole bytes"],
  timeout: [(value) => isWhole(value, 1, MOST_MILLISECONDS), `1 to ${MOST_MILLISECONDS} whole milliseconds`],
  onEvent: FUNCTION,
  clock: FUNCTION,
};

const COOKIE: Record<keyof CookieOptions, Kind> = {
  name: TEXT,
  path: TEXT,
  domain: TEXT,
  secure: FLAG,
  httpOnly: FLAG,
  sameSite: oneOf("lax", "strict", "none"),
  partitioned: FLAG,
  persistent: FLAG,
};

const CAPABILITIES: Record<keyof Capabilities, Kind> = {
  consistent: FLAG,
  lag: [(value) => isWhole(value, 0, MOST_LAG), `0 to ${MOST_LAG} whole seconds`],
  conditions: FLAG,
};

/** Refuses options of the wrong types, and unknown ones, which are misspelt. */
export function checkOptions(options: SessionOptions): void {
  if (!isObject(options)) throw unfit("the options must be an object");
  checkKnown("", options, OPTIONS);
  checkAll("the option ", options, OPTIONS);
  checkKnown("cookie.", options.cookie ?? {}, COOKIE);
  checkAll("the option cookie.", options.cookie ?? {}, COOKIE);
  if (options.keys === undefined) throw unfit("the option keys is missing: one Fernet key or several, newest first");
  if (options.store === undefined && options.placement !== "cookie") {
    throw unfit('the option store is missing: give one, or placement: "cookie"');
  }
  if (isObject(options.store)) checkStore(options.store);
}

/** Refuses what is no store. */
export function checkStore(store: unknown): asserts store is SessionStore {
  checkAwaited(store, "store");
  const given = (store ?? {}) as Record<string, unknown>;
  for (const method of ["get", "put", "delete"]) {
    if (!isFunction(given[method])) throw unfit(`the store has no method ${method}: see SessionStore, or fastsession/stores for ready ones`);
  }
  checkAll("the store's ", given, { capabilities: OBJECT, list: METHOD, deleteOwned: METHOD });
  checkAll("the store's capabilities.", given["capabilities"] ?? {}, CAPABILITIES);
}

/** A clock whose answers are checked: what is no time would end every session, or none. */
export function checkedClock(clock: () => number): () => number {
  return () => {
    const now = clock();
    if (!Number.isFinite(now) || now < 0) throw unfit("the option clock must give seconds since 1970");
    return Math.floor(now);
  };
}

function checkKnown(prefix: string, given: object, known: object): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) throw unfit(`there is no option ${prefix}${name}`);
  }
}

function checkAll(prefix: string, given: object, kinds: Record<string, Kind>): void {
  for (const [name, [check, expected]] of Object.entries(kinds)) {
    const value = (given as Record<string, unknown>)[name];
    if (value !== undefined && !check(value)) throw unfit(`${prefix}${name} must be ${expected}`);
  }
}

function checkAwaited(given: unknown, option: string): void {
  if (isPromise(given)) throw unfit(`the option ${option} gave a promise: await it before`);
}

function unfit(message: string): SessionError {
  return new SessionError("invalid_config", message);
}

/** The keys, one by one. */
export function keyTexts(options: SessionOptions, context: Context): string[] {
  const given: unknown = typeof options.keys === "function" ? options.keys(context as Surroundings) : options.keys;
  checkAwaited(given, "keys");
  if (!isKeys(given)) throw unfit("the option keys gave no text: is the secret set in this environment?");
  return [given as string | string[]].flat().flatMap((text) => text.split(/[, \t\n\f\r]+/)).filter((text) => text !== "");
}
