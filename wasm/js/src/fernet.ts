/** Fernet by itself: https://github.com/fernet/spec */

import { module } from "#wasm/fernet";
import { isBytes } from "./bytes.js";
import { systemClock } from "./clock.js";
import { fernetCore, Work } from "./core/fernet.js";
import { invalidArgument, SessionError } from "./error.js";
import { random } from "./random.js";

export { SessionError, type ErrorCode } from "./error.js";

fernetCore.source ??= module;

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const DEFAULT_ITERATIONS = 600_000;
const MOST_ITERATIONS = 2 ** 32 - 1;
/** RFC 8018 asks for 8 bytes at least, NIST SP 800-132 for 16. */
const LEAST_SALT = 16;
/** Later times are in milliseconds, by mistake: in seconds it is the year 5138. */
const LAST_SECOND = 1e11;

/** Settings of {@link Fernet}. */
export interface FernetOptions {
  /** Refuse tokens from more than 60 seconds ahead in every decryption, not only in one with a time to live. */
  strict?: boolean;
}

/** When a token is made or judged. */
export interface At {
  /** Seconds since 1970: now, unless given. */
  at?: number | undefined;
}

/** How to decrypt. */
export interface DecryptOptions extends At {
  /** Refuse tokens older than so many seconds: 0 or more. Without it a token of any age is taken. */
  ttl?: number | undefined;
}

/** How to make a key of a passphrase. */
export interface DeriveOptions {
  /** How often to iterate: 600,000 unless set, and 1 to 4,294,967,295. */
  iterations?: number | undefined;
  /** Take a salt of under 16 bytes, which an existing service has settled on. */
  shortSalt?: boolean | undefined;
}

/** Encrypts and decrypts Fernet tokens: the newest key encrypts, all decrypt. */
export class Fernet {
  readonly #keys: readonly string[];
  readonly #isStrict: boolean;
  /** By which the core's is shared. */
  readonly #name: string;

  /**
   * Fernet under these keys: 32 bytes in base64 each, newest first. Cheap for keys that were used lately.
   *
   * @throws {@link SessionError} `invalid_key`
   */
  constructor(keys: string | readonly string[], options: FernetOptions = {}) {
    const texts = typeof keys === "string" ? [keys] : keys;
    if (!Array.isArray(texts) || !texts.every((key) => typeof key === "string")) {
      throw new SessionError("invalid_key", "the keys must be text");
    }
    this.#isStrict = flag("strict", options.strict);
    this.#keys = [...texts];
    // No key has a NUL, and their number is told, so that no two share a name.
    this.#name = [this.#isStrict, texts.length, ...texts].join("\0");
    this.#number();
  }

  /** A new random key as text: the secret to keep. */
  static generateKey(): string {
    return ask(Work.GenerateKey, 0, [random()]) as string;
  }

  /**
   * The key of a passphrase: PBKDF2-HMAC-SHA256 with 600,000 iterations, a good part of a second, unless another count
   * is asked for by name.
   *
   * @param passphrase text or its bytes in UTF-8
   * @param salt at least 16 random bytes of the application's own, made once and kept; they are no secret
   * @throws `TypeError` with the code `invalid_argument` for a salt that is no `Uint8Array` or too short, and for
   * iterations that are no such number; {@link SessionError} `invalid_key` for an empty passphrase
   */
  static deriveKey(passphrase: string | Uint8Array, salt: Uint8Array, options: DeriveOptions = {}): string {
    const { iterations = DEFAULT_ITERATIONS } = options;
    const secret = bytes(passphrase, "a passphrase");
    if (!isBytes(salt)) {
      throw invalidArgument("the salt must be a Uint8Array: at least 16 random bytes, made once and kept");
    }
    if (salt.length < LEAST_SALT && !flag("shortSalt", options.shortSalt)) {
      throw invalidArgument(
        `the salt has ${salt.length} bytes and needs at least ${LEAST_SALT}: shortSalt: true takes one that a service has settled on`,
      );
    }
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > MOST_ITERATIONS) {
      throw invalidArgument("iterations must be a whole number from 1 to 4294967295");
    }
    if (secret.length === 0) throw new SessionError("invalid_key", "the passphrase is empty");
    return ask(Work.DeriveKey, 0, [iterations, secret, salt]) as string;
  }

  /**
   * The token of text or bytes.
   *
   * @throws `TypeError` with the code `invalid_argument` for anything else, and for an `at` that is no time in seconds
   */
  encrypt(plaintext: string | Uint8Array, options: At = {}): string {
    const now = time(options);
    const payload = typeof plaintext === "string" ? plaintext : bytes(plaintext, "a payload");
    return ask(Work.Encrypt, now, [random(), payload], this.#number()) as string;
  }

  /**
   * The bytes that `token` holds.
   *
   * @throws {@link SessionError} `invalid_token`, whatever is wrong with it; `TypeError` with the code `invalid_argument`
   * for a `ttl` or `at` that is no time in seconds
   */
  decrypt(token: string, options: DecryptOptions = {}): Uint8Array {
    const [ttl, now] = [lifetime(options), time(options)];
    return ask(Work.Decrypt, now, [ttl, text(token)], this.#number()) as Uint8Array;
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
    return ask(Work.Timestamp, 0, [text(token)], this.#number()) as number;
  }

  /**
   * The token of the same payload and time under the newest key.
   *
   * @throws {@link SessionError} `invalid_token`
   */
  rotate(token: string): string {
    return ask(Work.Rotate, 0, [random(), text(token)], this.#number()) as string;
  }

  /** Its number in the core. */
  #number(): number {
    return fernetCore.numberOf(this.#name, () => [this.#isStrict, this.#keys]);
  }
}

/** Does a work, and gives its result. */
function ask(work: Work, now: number, values: unknown[], number = 0): unknown {
  return fernetCore.ask(work, now, values, number)[0];
}

function bytes(value: unknown, what: string): Uint8Array {
  if (typeof value === "string") return UTF8.encode(value);
  if (isBytes(value)) return value;
  throw invalidArgument(`${what} must be text or a Uint8Array`);
}

function flag(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== "boolean") throw invalidArgument(`${name} must be true or false`);
  return value === true;
}

/** What is no text is no token. */
function text(token: unknown): string {
  return typeof token === "string" ? token : "";
}

/** The moment that `at` says, or now. */
function time({ at }: At): number {
  if (at === undefined) return systemClock();
  if (!isSeconds(at)) throw invalidArgument("at must be seconds since 1970, as Math.floor(Date.now() / 1000)");
  return Math.floor(at);
}

/** What `ttl` says. */
function lifetime({ ttl }: DecryptOptions): number | undefined {
  if (ttl === undefined) return undefined;
  // A time to live that is no number must never mean that there is none.
  if (!isSeconds(ttl)) throw invalidArgument("ttl must be seconds, 0 or more: leave it out to take tokens of any age");
  return Math.floor(ttl);
}

function isSeconds(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= LAST_SECOND;
}
