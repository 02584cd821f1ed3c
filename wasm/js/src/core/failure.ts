/** The errors that the core tells of: the mirror image of wasm/src/failure.rs. */

import { type ErrorCode, internal, SessionError, usage } from "../error.js";
import type { MessageReader } from "./reader.js";

/** By the core's numbers; the first four have details. */
const CODES: readonly ErrorCode[] = [
  "internal", "invalid_config", "invalid_key", "too_large", "invalid_token", "contended", "invalid_session_key",
  "invalid_owner", "invalid_label", "invalid_lifetime", "destroyed", "committed",
];

/** What is wrong with a key, by the core's numbers. */
const KEYS = [
  "is unfit",
  "must be 32 bytes in base64",
  "is not base64",
  "has 32 equal bytes: a placeholder, no secret",
  "is made of an empty passphrase",
  "needs at least one iteration",
];
const NO_KEYS = 6;
const MANY_KEYS = 7;

/** What is wrong with a setting, by the core's numbers. */
const SETTINGS = [
  "an option is unfit",
  "namespace must have 1 to 128 bytes and no NUL",
  "idleTimeout and absoluteTimeout must be 1 second to 400 days",
  "limit must be 256 to 16,777,216 bytes",
  "owners' lists need a store: choose another placement, or owners: false",
  "the store's lag must be 1 to 3,600 seconds",
  "placement must be store, cookie or both",
  "cookie.name must be 1 to 128 letters, digits or any of !#$%&'*+-.^_`|~",
  "cookie.path must begin with /, without ; and control characters, up to 128 bytes",
  "cookie.domain must be a host name of up to 128 bytes",
  "a cookie.name with the prefix __Host-, __Secure- or __Http- needs secure",
  "a cookie.name with the prefix __Host- needs the path / and no domain",
  "a cookie.name with the prefix __Http- needs httpOnly",
  "cookie.sameSite must be lax, strict or none, and none needs secure",
  "cookie.partitioned needs secure",
];

/** Reads a failure. */
export function failure(reader: MessageReader): SessionError {
  const code = CODES[reader.byte()] ?? "internal";
  switch (code) {
    case "internal":
      return internal();
    case "invalid_config":
      return new SessionError(code, SETTINGS[reader.byte()]!);
    case "invalid_key": {
      const [position, why] = [reader.varint(), reader.byte()];
      if (why === NO_KEYS) return new SessionError(code, "there is no key: generate one with Fernet.generateKey()");
      if (why === MANY_KEYS) return new SessionError(code, "there are more than 16 keys");
      return new SessionError(code, `key ${position} ${KEYS[why]}`);
    }
    case "too_large": {
      const [size, limit] = [reader.varint(), reader.varint()];
      const largest = reader.list(() => `${reader.text()} (${reader.varint()} bytes)`);
      const keys = largest.length > 0 ? `; its largest keys: ${largest.join(", ")}` : "";
      return new SessionError(code, `the session would take ${size} bytes, and ${limit} is the limit${keys}`);
    }
    default:
      return usage(code);
  }
}
