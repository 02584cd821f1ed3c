/** The errors that the core tells of: the mirror image of wasm/src/failure.rs. */

import { type ErrorCode, SessionError, TEXTS } from "../error.js";

/** The errors with details, by the core's numbers. The others follow. */
const enum Detailed {
  /** What only this module refuses. */
  Own,
  Key,
  TooLarge,
  Count,
}

/** The error that these numbers and texts tell of: which one it is, and its details. `own` gives those of one module alone. */
export function failure([what, first, second, largest]: any[], own: (detail: number) => SessionError): SessionError {
  switch (what) {
    case Detailed.Own:
      return own(first);
    case Detailed.Key: {
      const unfit = `key ${first} ${second ? "is 32 equal bytes: a placeholder" : "must be 32 bytes in base64"}`;
      return new SessionError("invalid_key", first ? unfit : "there must be 1 to 16 keys, as of openssl rand -base64 32");
    }
    case Detailed.TooLarge: {
      const keys = largest.map(([key, size]: [string, number]) => `${key} (${size} bytes)`).join(", ");
      const text = `the session takes ${first} bytes, and ${second} is the limit; its largest keys: ${keys}`;
      return new SessionError("too_large", text);
    }
    default:
      return new SessionError(Object.keys(TEXTS)[what - Detailed.Count] as ErrorCode);
  }
}
