/** Fernet by itself: https://github.com/fernet/spec */

import "./provide.js";
import type { Fernet as Exported } from "./core/glue/fastsession_bg.js";
import { call } from "./core/instance.js";
import { SessionError } from "./error.js";
import { random, systemClock } from "./random.js";
import { writeKeys } from "./core/message.js";

export { SessionError, type ErrorCode } from "./error.js";

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Tells the core that there is no time to live. */
const NO_TTL = -1;

/** Settings of {@link Fernet}. */
export interface FernetOptions {
  /** Refuse tokens from more than 60 seconds ahead in every decryption, not only in one with a time to live. */
  strict?: boolean;
}

/** When a token is made or judged, in seconds since 1970: now, unless given. */
export interface At {
  at?: number;
}

/** How to decrypt. */
export interface DecryptOptions extends At {
  /** Refuse tokens older than so many seconds. */
  ttl?: number;
}

/** Encrypts and decrypts Fernet tokens: the newest key encrypts, all decrypt. */
export class Fernet {
  readonly #keys: Uint8Array;
  readonly #isStrict: boolean;
  #fernet: Exported | undefined;
  #generation = 0;

  /**
   * Fernet under these keys: 32 bytes in base64 each, newest first.
   *
   * @throws {@link SessionError} `invalid_key`
   */
  constructor(keys: string | readonly string[], options: FernetOptions = {}) {
    const texts = typeof keys === "string" ? [keys] : keys;
    if (!Array.isArray(texts) || !texts.every((key) => typeof key === "string")) {
      throw new SessionError("invalid_key", "the keys must be text");
    }
    this.#keys = writeKeys(texts);
    this.#isStrict = options.strict === true;
    this.#call(() => undefined);
  }

  /** A new random key as text: the secret to keep. */
  static generateKey(): string {
    return call((core) => core.generate_key(random()));
  }

  /**
   * The key of a passphrase: PBKDF2-HMAC-SHA256 with 600,000 iterations, a good part of a second, unless a lower count
   * is asked for by name.
   *
   * @throws {@link SessionError} `invalid_key` for an empty passphrase, an unfit salt or count
   */
  static deriveKey(passphrase: string | Uint8Array, salt: Uint8Array, options: { iterations?: number } = {}): string {
    const { iterations = 600_000 } = options;
    if (!(salt instanceof Uint8Array)) throw new SessionError("invalid_key", "the salt must be a Uint8Array");
    if (!Number.isInteger(iterations) || iterations < 1 || iterations >= 2 ** 32) {
      throw new SessionError("invalid_key", "the iterations must be a whole number from 1 to 4,294,967,295");
    }
    return call((core) => core.derive_key(bytes(passphrase), salt, iterations));
  }

  /** The token of text or bytes. */
  encrypt(plaintext: string | Uint8Array, options: At = {}): string {
    const now = time(options);
    return this.#call((fernet) => fernet.encrypt(bytes(plaintext), now, random()));
  }

  /**
   * The bytes that `token` holds.
   *
   * @throws {@link SessionError} `invalid_token`, whatever is wrong with it
   */
  decrypt(token: string, options: DecryptOptions = {}): Uint8Array {
    const now = time(options);
    const { ttl } = options;
    if (ttl !== undefined && !isSeconds(ttl)) throw unfit("ttl must be a number of seconds");
    return this.#call((fernet) => fernet.decrypt(text(token), ttl ?? NO_TTL, now));
  }

  /**
   * The text that `token` holds.
   *
   * @throws {@link SessionError} `invalid_token`, also where it holds something else than text in UTF-8
   */
  decryptText(token: string, options: DecryptOptions = {}): string {
    const plaintext = this.decrypt(token, options);
    try {
      return TEXT.decode(plaintext);
    } catch {
      throw new SessionError("invalid_token", "the token holds no text: use decrypt()");
    }
  }

  /**
   * When `token` was made, in seconds since 1970, if one of the keys made it.
   *
   * @throws {@link SessionError} `invalid_token`
   */
  extractTimestamp(token: string): number {
    return this.#call((fernet) => fernet.timestamp(text(token)));
  }

  /**
   * The token of the same payload and time under the newest key.
   *
   * @throws {@link SessionError} `invalid_token`
   */
  rotate(token: string): string {
    return this.#call((fernet) => fernet.rotate(text(token), random()));
  }

  #call<T>(work: (fernet: Exported) => T): T {
    return call((core, generation) => {
      if (this.#fernet === undefined || this.#generation !== generation) {
        this.#fernet = new core.Fernet(this.#keys, this.#isStrict);
        this.#generation = generation;
      }
      return work(this.#fernet);
    });
  }
}

function bytes(value: string | Uint8Array): Uint8Array {
  if (typeof value === "string") return UTF8.encode(value);
  if (value instanceof Uint8Array) return value;
  throw unfit("Fernet takes text or a Uint8Array");
}

/** What is no text is no token. */
function text(token: unknown): string {
  return typeof token === "string" ? token : "";
}

function time({ at }: At): number {
  if (at === undefined) return systemClock();
  if (!isSeconds(at)) throw unfit("at must be a number of seconds since 1970");
  return at;
}

function isSeconds(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function unfit(message: string): SessionError {
  return new SessionError("invalid_config", message);
}
