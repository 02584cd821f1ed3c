/** Settings. */

import { isPromise, isWhole, MAX_TIME } from "./checks.js";
import { SessionError } from "./error.js";
import type { SessionStore } from "./store.js";

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
  /** The name of the session's record, or of an owner's list if the store failed to give that. An id never appears here. */
  key: string | null;
  /** Why a fresh session began: with `expired` and `refused`. */
  reason?: Reason | undefined;
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

/** What an option may be: a check, and the same in words; and whether it has to be given, beside the others. */
type Kind = [isFit: (value: any) => boolean, expected: string, isNeeded?: (given: any) => boolean];

const isText = (value: unknown): boolean => typeof value === "string";
const isFunction = (value: unknown): boolean => typeof value === "function";
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const isFlag = (value: unknown): boolean => typeof value === "boolean";
/** Whether it is one text or an array of them. */
export const isTexts = (value: unknown): boolean => isText(value) || (Array.isArray(value) && value.every(isText));

const FLAG: Kind = [isFlag, "true or false"];
const FUNCTION: Kind = [isFunction, "a function"];
const OBJECT: Kind = [isObject, "an object"];
const METHOD: Kind = [isFunction, "a method: see SessionStore and fastsession/stores"];
const NEEDED_METHOD: Kind = [METHOD[0], METHOD[1], () => true];
const whole = (least: number, most: number, of: string): Kind =>
  [(value) => isWhole(value, least, most), `${least} to ${most} whole ${of}`];
const oneOf = (...names: string[]): Kind => [(value) => names.includes(value), names.join(" or ")];
const LIFETIME = whole(1, 34_560_000, "seconds");

/** The options by their paths. The core takes the first ones, in this order, and tells by number which one it refuses. */
const OPTIONS: Record<string, Kind> = {
  namespace: [isText, "text of 1 to 128 bytes without NUL"],
  "cookie.name": [isText, "text of 1 to 128 letters, digits or any of !#$%&'*+-.^_`|~"],
  "cookie.path": [isText, "a path from / on, up to 128 bytes; for a name in __Host- / without domain"],
  "cookie.domain": [isText, "a host name of up to 128 bytes"],
  "cookie.secure": [isFlag, "true or false; true for a name in __Host-, __Secure- or __Http-, sameSite none or partitioned"],
  "cookie.httpOnly": [isFlag, "true or false; true for a name in __Http-"],
  "cookie.sameSite": oneOf("lax", "strict", "none"),
  "cookie.partitioned": FLAG,
  "cookie.persistent": FLAG,
  idleTimeout: LIFETIME,
  absoluteTimeout: LIFETIME,
  limit: whole(256, 2 ** 24, "bytes"),
  cookie: OBJECT,
  keys: [(value) => isFunction(value) || isTexts(value), "Fernet keys: text, an array of texts, or a function that gives them"],
  store: [
    (value) => isFunction(value) || isObject(value),
    'a store, or a function that gives one, but for placement: "cookie"',
    ({ placement }) => placement !== "cookie",
  ],
  placement: oneOf("store", "cookie", "both"),
  // No timer can wait for longer.
  timeout: whole(1, 2 ** 31 - 1, "milliseconds"),
  onEvent: FUNCTION,
  clock: FUNCTION,
};
/** How many of them the core takes. */
const CORE_OPTIONS = 12;

const STORE: Record<string, Kind> = {
  get: NEEDED_METHOD,
  put: NEEDED_METHOD,
  delete: NEEDED_METHOD,
  list: METHOD,
  deleteOwned: METHOD,
  capabilities: OBJECT,
  "capabilities.consistent": FLAG,
  "capabilities.lag": whole(1, 3_600, "seconds"),
  "capabilities.conditions": FLAG,
};

/** Refuses options of the wrong types, and unknown ones, which are misspelt. Inherited ones are none: they are not taken over. */
export function checkOptions(given: SessionOptions): void {
  if (!isObject(given)) throw unfit("the options must be an object");
  const options = { ...given };
  check(options, OPTIONS);
  const { cookie = {}, store } = options;
  for (const name of [...Object.keys(options), ...Object.keys(cookie).map((name) => `cookie.${name}`)]) {
    if (!Object.hasOwn(OPTIONS, name)) throw unfit(`there is no option ${name}`);
  }
  if (isObject(store)) checkStore(store);
}

/** Refuses what is no store. */
export function checkStore(store: unknown): asserts store is SessionStore {
  checkAwaited(store, "store");
  check(store, STORE, "store.");
}

/** A clock whose answers are checked: what is no time would end every session, or none. */
export function checkedClock(clock = () => Date.now() / 1000): () => number {
  return () => {
    const now: unknown = clock();
    if (typeof now !== "number" || !(now >= 0 && now <= MAX_TIME)) throw unfit("the option clock must give seconds since 1970");
    return Math.floor(now);
  };
}

/** What the core takes of the options; what is absent is its default. */
export function coreOptions(options: SessionOptions): unknown[] {
  return Object.keys(OPTIONS).slice(0, CORE_OPTIONS).map((path) => valueAt(options, path));
}

/** The error of the option that the core refuses. */
export function refusedOption(number: number): SessionError {
  const [path, kind] = Object.entries(OPTIONS)[number]!;
  return mismatch(path, kind);
}

function check(given: unknown, kinds: Record<string, Kind>, prefix = ""): void {
  for (const [path, kind] of Object.entries(kinds)) {
    const [isFit, , isNeeded] = kind;
    const value = valueAt(given, path);
    if ((value !== undefined || isNeeded?.(given)) && !isFit(value)) throw mismatch(prefix + path, kind);
  }
}

function mismatch(path: string, [, expected]: Kind): SessionError {
  return unfit(`the option ${path} must be ${expected}`);
}

function valueAt(given: any, path: string): unknown {
  return path.split(".").reduce((within, name) => within?.[name], given);
}

function checkAwaited(given: unknown, option: string): void {
  if (isPromise(given)) throw unfit(`the option ${option} gave a promise: await it before`);
}

/** The error of options that are unfit. */
export function unfit(message: string): SessionError {
  return new SessionError("invalid_config", message);
}

/** The keys, one by one. */
export function keyTexts(given: unknown): string[] {
  checkAwaited(given, "keys");
  if (!isTexts(given)) throw unfit("the option keys gave no text: is the secret set in this environment?");
  return [given].flat().join(" ").match(/[^, \t\n\f\r]+/g) ?? [];
}
