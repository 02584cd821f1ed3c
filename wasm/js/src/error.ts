/** Errors: all have a `code` that stays the same between versions; their texts may change. */

import { brand } from "./brand.js";

/** What went wrong, for programs. */
export type ErrorCode =
  /** An option is of the wrong type or value. */
  | "invalid_config"
  /** A Fernet key is unfit. */
  | "invalid_key"
  /** A value cannot be stored in a session: a `TypeError`, with a `path`. */
  | "invalid_value"
  /** A stored value is none that this package would write; the others can be read. */
  | "unreadable_value"
  /** An argument is of the wrong type or value: a `TypeError`. */
  | "invalid_argument"
  /** A session key is empty, over 255 bytes or no text. */
  | "invalid_session_key"
  /** An owner's name is empty, over 255 bytes or no text. */
  | "invalid_owner"
  /** A label is over 128 bytes or no text. */
  | "invalid_label"
  /** A lifetime is under a second or over 400 days. */
  | "invalid_lifetime"
  /** A value's `until` is no time in seconds since 1970. */
  | "invalid_until"
  /** A session's handle is no text. */
  | "invalid_handle"
  /** The session would become larger than it may be. */
  | "too_large"
  /** The session was ended in this request. */
  | "destroyed"
  /** Another request ended the session or changed its id meanwhile: this one's changes are lost. Status 409. */
  | "ended"
  /** The session was committed already. */
  | "committed"
  /** A response that was sent already cannot carry a new cookie. */
  | "response_sent"
  /** The request has a session cookie that does not open, where `strict` was asked for. Status 400. */
  | "bad_cookie"
  /** The request has no session, where `required` was asked for. Status 401. */
  | "no_session"
  /** The store threw or rejected; see `cause`. Status 503. */
  | "store_failed"
  /** The store did not answer in time. Status 503. */
  | "store_timeout"
  /** The store answered something that no store may answer. Status 503. */
  | "store_invalid"
  /** Too many requests changed the session at once. Status 503. */
  | "contended"
  /** The store cannot do that. */
  | "unsupported"
  /** A Fernet token is not one that these keys made, or its time is over. */
  | "invalid_token"
  /** A fault of this library: please report it. */
  | "internal";

const STATUS: Partial<Record<ErrorCode, number>> = { bad_cookie: 400, no_session: 401, ended: 409, contended: 503 };

/** What is said of an error that has no details. The core numbers errors by the order of the first ones. */
export const TEXTS = {
  internal: "a fault of fastsession: please report it",
  contended: "too many requests at once: try again",
  invalid_session_key: "a session key must have 1 to 255 bytes",
  invalid_owner: "an owner's name must have 1 to 255 bytes",
  invalid_label: "a label must have at most 128 bytes",
  invalid_lifetime: "a session's lifetime must be 1 second to 400 days",
  destroyed: "the session was ended in this request: change it before",
  committed: "the session was committed: reload() it before",
  ended: "another request ended the session or changed its id: these changes are lost",
  response_sent: "the response was sent and cannot carry a new cookie: begin, sign in or rotate before",
  unreadable_value: "the stored value cannot be read: remove or replace it",
  invalid_handle: "a handle must be a listing's, or session.key after the commit",
  invalid_until: "until must be whole seconds since 1970, not milliseconds",
  bad_cookie: "the session cookie does not open",
  no_session: "the request has no session",
} satisfies Partial<Record<ErrorCode, string>>;

/** A session could not be loaded, changed or stored. */
export class SessionError extends Error {
  override readonly name = "SessionError";
  /** What went wrong, for programs: the same in all versions. */
  declare readonly code: ErrorCode;
  /** `Set-Cookie` headers that the response to such an error should carry, if any: they remove a cookie that does not open. */
  declare readonly cookies: readonly string[];
  /** The HTTP status that tells a client of it: 400, 401, 409, 500 or 503. */
  declare readonly status: number;

  /** Without a message, what is said of all errors of that code. */
  constructor(code: ErrorCode, message?: string, options?: ErrorOptions & { cookies?: readonly string[] }) {
    super(message ?? (TEXTS as Partial<Record<ErrorCode, string>>)[code], options);
    this.code = code;
    this.cookies = options?.cookies ?? [];
    this.status = STATUS[code] ?? (code.startsWith("store_") ? 503 : 500);
  }
}
brand(SessionError, "SessionError");

/** A `TypeError` with a code, and what else tells of it. */
export function typeError(message: string, details: { code: ErrorCode; path?: string }): TypeError {
  return Object.assign(new TypeError(message), details);
}

/** The error of an argument that the caller got wrong. */
export function invalidArgument(message: string): TypeError {
  return typeError(message, { code: "invalid_argument" });
}
