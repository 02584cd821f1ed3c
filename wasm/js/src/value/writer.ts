/** Writing values: the encoding of docs/format.md, byte by byte. */

import { isBytes } from "../bytes.js";
import { type ErrorCode, invalidValue, usage } from "../error.js";
import { Kind } from "./kind.js";

/** How many arrays and objects may stand in one another, as in the core. */
const MAX_DEPTH = 32;

/** Up to here a text is written character by character, which is faster than a call of the encoder. */
const SHORT = 48;
const FIRST_SIZE = 512;
const MAX_SPARE = 65_536;
const MAX_I64 = 2n ** 63n - 1n;
const MAX_U64 = 2n ** 64n - 1n;
const TEXT = new TextEncoder();

/** Writes values one after the other. */
export class Writer {
  bytes: Uint8Array;
  length = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  room(more: number): void {
    const needed = this.length + more;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes.fill(0);
      this.bytes = larger;
    }
  }

  varint(number: number): void {
    this.room(10);
    let rest = number;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  bigVarint(number: bigint): void {
    this.room(10);
    let rest = number;
    while (rest >= 0x80n) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }

  byte(byte: number): void {
    this.room(1);
    this.bytes[this.length++] = byte;
  }

  number(number: number): void {
    if (!Number.isSafeInteger(number) || Object.is(number, -0)) {
      this.byte(Kind.Float);
      this.room(8);
      new DataView(this.bytes.buffer).setFloat64(this.length, number, true);
      this.length += 8;
    } else if (Math.abs(number) < 2 ** 51) {
      this.byte(Kind.Int);
      this.varint(number < 0 ? -2 * number - 1 : 2 * number);
    } else {
      // Twice a large safe integer is not safe any more.
      this.bigint(BigInt(number));
    }
  }

  bigint(number: bigint): void {
    const isUnsigned = number > MAX_I64;
    this.byte(isUnsigned ? Kind.UInt : Kind.Int);
    this.bigVarint(isUnsigned ? number : number < 0n ? -2n * number - 1n : 2n * number);
  }

  /** A length and the text in UTF-8; `false` for half of a surrogate pair, which has none. */
  text(text: string): boolean {
    if (text.length <= SHORT) {
      this.room(1 + text.length);
      const start = this.length + 1;
      let at = 0;
      for (; at < text.length; at++) {
        const unit = text.charCodeAt(at);
        if (unit >= 0x80) break;
        this.bytes[start + at] = unit;
      }
      if (at === text.length) {
        this.bytes[this.length] = at;
        this.length = start + at;
        return true;
      }
    }
    if (!text.isWellFormed()) return false;
    this.block(TEXT.encode(text));
    return true;
  }

  /** A length and the bytes. */
  block(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.rest(bytes);
  }

  /** Bytes alone. */
  rest(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  value(value: unknown, path: Path): void {
    switch (typeof value) {
      case "string":
        this.byte(Kind.Str);
        if (!this.text(value)) throw brokenText(path);
        return;
      case "number":
        this.number(value);
        return;
      case "boolean":
        this.byte(Kind.Bool);
        this.byte(value ? 1 : 0);
        return;
      case "bigint":
        if (value > MAX_U64 || value < -MAX_I64 - 1n) throw unfit(path, "a BigInt of more than 64 bits", "store it as text");
        this.bigint(value);
        return;
      case "object":
        if (value === null) this.byte(Kind.Null);
        else this.object(value, path);
        return;
      case "undefined":
        throw unfit(path, "undefined", "leave it out, or store null");
      case "function":
        throw unfit(path, "a function", "store data only");
      default:
        throw unfit(path, "a symbol", "store its description");
    }
  }

  object(value: object, path: Path): void {
    const isArray = Array.isArray(value);
    if (!isArray && !isPlain(value)) {
      if (!isBytes(value)) throw notPlain(value, path);
      this.byte(Kind.Bytes);
      this.block(value);
      return;
    }
    if (path.length > MAX_DEPTH) throw tooDeep(value, path);
    if (isArray) {
      this.byte(Kind.Array);
      this.varint(value.length);
      for (let index = 0; index < value.length; index++) {
        path.push([value, index]);
        this.value(value[index], path);
        path.pop();
      }
      return;
    }
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    this.byte(Kind.Map);
    this.varint(entries.length);
    for (const [key, inner] of entries) {
      path.push([value, key]);
      if (!this.text(key)) throw brokenText(path);
      this.value(inner, path);
      path.pop();
    }
  }
}

/** The way to a value: what it is in, and under which key; the first is the session's own key. */
type Path = [container: object | undefined, key: string | number][];

/** A writer at rest, for the next value: a new array costs more than most writing. */
let idle: Writer | undefined;

/** The encoding of `value`, which stands under `key` in a session. */
export function encode(value: unknown, key: string): Uint8Array {
  const writer = idle ?? new Writer(new Uint8Array(FIRST_SIZE));
  // Where a value's getter stores another value, that one has a writer of its own.
  idle = undefined;
  try {
    writer.value(value, [[undefined, key]]);
    return writer.bytes.slice(0, writer.length);
  } finally {
    writer.bytes.fill(0, 0, writer.length);
    writer.length = 0;
    if (writer.bytes.length <= MAX_SPARE) idle = writer;
  }
}

/** Refuses what is no text of so many bytes in UTF-8; half of a surrogate pair has none. */
export function checkText(text: unknown, code: ErrorCode, most = 255, least = 1): asserts text is string {
  const isFit =
    typeof text === "string" && text.isWellFormed() && text.length >= least &&
    (3 * text.length <= most || TEXT.encode(text).length <= most);
  if (!isFit) throw usage(code);
}

/** Whether it is an object literal or has no prototype, in whatever realm it was made. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function unfit(path: Path, what: string, remedy: string): TypeError {
  const told = path.map(([, key], depth) => (typeof key === "number" ? `[${key}]` : depth === 0 ? key : `.${key}`));
  return invalidValue(told.join(""), what, remedy);
}

function brokenText(path: Path): TypeError {
  return unfit(path, "text with half of a surrogate pair", "use text.toWellFormed(), or store bytes");
}

function tooDeep(value: object, path: Path): TypeError {
  return path.some(([container]) => container === value)
    ? unfit(path.slice(0, 4), "an object that contains itself", "store an id instead of the object")
    : unfit(path.slice(0, 3), `nested more than ${MAX_DEPTH} deep`, "flatten it");
}

const REMEDIES: Record<string, string> = {
  Date: "store date.getTime() or date.toISOString()",
  Map: "store Object.fromEntries(map), or [...map]",
  Set: "store [...set]",
  RegExp: "store its source",
  Promise: "await it first",
  ArrayBuffer: "store new Uint8Array(buffer)",
  URL: "store url.href",
};

function notPlain(value: object, path: Path): TypeError {
  const name = Object.prototype.toString.call(value).slice(8, -1);
  const own = (value.constructor as { name?: unknown } | undefined)?.name;
  const shown = typeof own === "string" && own !== "" ? own : name;
  const remedy = ArrayBuffer.isView(value)
    ? // The buffer alone may be one that others share, as a Buffer's is.
      "store new Uint8Array(array.buffer, array.byteOffset, array.byteLength), or [...array]"
    : (REMEDIES[name] ?? REMEDIES[shown] ?? "store a plain object of its fields, as { ...value }");
  return unfit(path, `an instance of ${shown}`, remedy);
}
