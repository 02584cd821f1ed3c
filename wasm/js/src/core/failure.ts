/** The errors that the core tells of: the mirror image of wasm/src/failure.rs. */

import { type ErrorCode, SessionError, TEXTS } from "../error.js";

/** The errors with details, by the core's numbers. The others follow. */
const enum Detailed {
  Option,
  Key,
  TooLarge,
  Count,
}

/** What is wrong with a key, by the core's numbers. */
const KEYS = ["is unfit", "must be 32 bytes in base64", "is 32 equal bytes: a placeholder"];

/** The error that these numbers and texts tell of: which one it is, and its details. `refused` gives that of an option. */
export function failure([what, first, second, largest]: any[], refused?: (option: number) => SessionError): SessionError {
  switch (what) {
    case Detailed.Option:
      return refused!(first);
    case Detailed.Key: {
      const text = first === 0 ? "there must be 1 to 16 keys, as of openssl rand -base64 32" : `key ${first} ${KEYS[second]}`;
      return new SessionError("invalid_key", text);
    }
    case Detailed.TooLarge: {
      const keys = largest.map(([key, size]: [string, number]) => `${key} (${size} bytes)`).join(", ");
      return new SessionError("too_large", `the session takes ${first} bytes, and ${second} is the limit; its largest keys: ${keys}`);
    }
    default:
      return new SessionError(Object.keys(TEXTS)[what - Detailed.Count] as ErrorCode);
  }
}
