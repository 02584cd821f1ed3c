/** Writing values: the encoding of docs/format.md, byte by byte. */

import { isBytes } from "../bytes.js";
import { invalidValue } from "../error.js";

/** How many arrays and objects may stand in one another, as in the core. */
export const MAX_DEPTH = 32;

const TEXT = new TextEncoder();
const NOTHING = new Uint8Array(0);
const MAX_SPARE = 65_536;
const MAX_I64 = 2n ** 63n - 1n;
const MAX_U64 = 2n ** 64n - 1n;
/** Up to here a text is written character by character, which is faster than a call of the encoder. */
const SHORT = 48;

const enum Kind {
  Null,
  Bool,
  Int,
  UInt,
  Float,
  Str,
  Bytes,
  Array,
  Map,
}

/** What the last writer wrote in, for the next one: a new array costs more than most writing. A writer may be at work inside
 * another, where a value's getter stores a value. */
let spare: Uint8Array | undefined;

/** Writes values one after the other. */
export class Writer {
  bytes: Uint8Array;
  length = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A copy of what was written. Nothing can be written any more. */
  finish(): Uint8Array {
    const written = this.bytes.slice(0, this.length);
    this.release();
    return written;
  }

  /** Erases what was written, and leaves the array to the next writer. */
  release(): void {
    this.bytes.fill(0, 0, this.length);
    if (this.bytes.length <= MAX_SPARE) spare = this.bytes;
    this.bytes = NOTHING;
    this.length = 0;
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

  integer(number: number): void {
    this.byte(Kind.Int);
    // Zigzag; twice a large safe integer is not safe any more.
    if (Math.abs(number) < 2 ** 51) this.varint(number < 0 ? -2 * number - 1 : 2 * number);
    else this.bigVarint(number < 0 ? -2n * BigInt(number) - 1n : 2n * BigInt(number));
  }

  number(number: number): void {
    if (Number.isSafeInteger(number) && !Object.is(number, -0)) {
      this.integer(number);
      return;
    }
    this.byte(Kind.Float);
    this.room(8);
    new DataView(this.bytes.buffer).setFloat64(this.length, number, true);
    this.length += 8;
  }

  bigint(number: bigint, path: Path): void {
    if (number > MAX_U64 || number < -MAX_I64 - 1n) {
      throw invalidValue(told(path), "a BigInt of more than 64 bits", "store it as text");
    }
    if (number > MAX_I64) {
      this.byte(Kind.UInt);
      this.bigVarint(number);
    } else {
      this.byte(Kind.Int);
      this.bigVarint(number < 0n ? -2n * number - 1n : 2n * number);
    }
  }

  /** A length and the text in UTF-8. */
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
    if (!isWellFormed(text)) return false;
    this.block(TEXT.encode(text));
    return true;
  }

  /** A length and the bytes. */
  block(bytes: Uint8Array): void {
    this.varint(bytes.length);
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
        this.bigint(value, path);
        return;
      case "object":
        if (value === null) this.byte(Kind.Null);
        else this.object(value, path);
        return;
      case "undefined":
        throw invalidValue(told(path), "undefined", "leave it out, or store null");
      case "function":
        throw invalidValue(told(path), "a function", "store data only");
      default:
        throw invalidValue(told(path), "a symbol", "store its description");
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

/** The encoding of `value`, which stands under `key` in a session. */
export function encode(value: unknown, key: string): Uint8Array {
  const writer = new Writer(spare ?? new Uint8Array(512));
  spare = undefined;
  try {
    writer.value(value, [[undefined, key]]);
    return writer.finish();
  } catch (error) {
    writer.release();
    throw error;
  }
}

/** Bytes in UTF-8; -1 for a text that has none, having half of a surrogate pair. */
export function textLength(text: string): number {
  if (text.length < 86) {
    let at = 0;
    while (at < text.length && text.charCodeAt(at) < 0x80) at++;
    if (at === text.length) return at;
  }
  return isWellFormed(text) ? TEXT.encode(text).length : -1;
}

function isWellFormed(text: string): boolean {
  const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
  return !loneSurrogate.test(text);
}

/** Whether it is an object literal or has no prototype, in whatever realm it was made. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function told(path: Path): string {
  let text = "";
  for (const [, key] of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? key : `.${key}`;
  }
  return text;
}

function brokenText(path: Path): TypeError {
  return invalidValue(told(path), "text with half of a surrogate pair", "use text.toWellFormed(), or store bytes");
}

function tooDeep(value: object, path: Path): TypeError {
  const isCycle = path.some(([container]) => container === value);
  const [what, remedy] = isCycle
    ? ["an object that contains itself", "store an id instead of the object"]
    : [`nested more than ${MAX_DEPTH} deep`, "flatten it"];
  return invalidValue(told(isCycle ? path.slice(0, 4) : path.slice(0, 3)), what, remedy);
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
  return invalidValue(told(path), `an instance of ${shown}`, remedy);
}
