/** Writing values: the encoding of docs/format.md, byte by byte. */

import { isBytes, nameOf } from "../bytes.js";
import { type ErrorCode, SessionError, typeError } from "../error.js";
import { Kind } from "./kind.js";

/** How many arrays and objects may stand in one another, as in the core. */
const MAX_DEPTH = 32;

/** Up to here a text is taken for ASCII, and written character by character, which is faster than a call of the encoder. */
const SHORT = 256;
const FIRST_SIZE = 512;
const MAX_SPARE = 65_536;
const MAX_I64 = 2n ** 63n - 1n;
const MAX_U64 = 2n ** 64n - 1n;
const TEXT = new TextEncoder();

// What is being written, and how much of it. Where a value's getter stores another value, that one stands behind what there is of
// the first, and is gone before that goes on.
let bytes = new Uint8Array(FIRST_SIZE);
let length = 0;

/** What `use` makes of the bytes that `write` writes, which are erased then. */
function written<T>(write: () => void, use: (bytes: Uint8Array) => T): T {
  const start = length;
  try {
    write();
    return use(bytes.subarray(start, length));
  } finally {
    bytes.fill(0, start, length);
    length = start;
    if (bytes.length > MAX_SPARE && start === 0) bytes = new Uint8Array(FIRST_SIZE);
  }
}

function room(more: number): void {
  const needed = length + more;
  if (needed <= bytes.length) return;
  const larger = new Uint8Array(Math.max(needed, 2 * bytes.length));
  larger.set(bytes.subarray(0, length));
  bytes.fill(0);
  bytes = larger;
}

function byte(byte: number): void {
  room(1);
  bytes[length++] = byte;
}

function varint(number: number): void {
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) byte((rest % 0x80) | 0x80);
  byte(rest);
}

function bigint(number: bigint): void {
  const isUnsigned = number > MAX_I64;
  byte(isUnsigned ? Kind.UInt : Kind.Int);
  let rest = isUnsigned ? number : number < 0n ? -2n * number - 1n : 2n * number;
  for (; rest >= 0x80n; rest >>= 7n) byte(Number(rest & 0x7fn) | 0x80);
  byte(Number(rest));
}

/** A whole number is an integer; so is -0 in a message, where it is nothing else than 0. */
function number(number: number, path: Path | undefined): void {
  if (!Number.isSafeInteger(number) || (path && Object.is(number, -0))) {
    byte(Kind.Float);
    room(8);
    new DataView(bytes.buffer).setFloat64(length, number, true);
    length += 8;
  } else if (Math.abs(number) < 2 ** 51) {
    byte(Kind.Int);
    varint(number < 0 ? -2 * number - 1 : 2 * number);
  } else {
    // Twice a large safe integer is not safe any more.
    bigint(BigInt(number));
  }
}

/** A length and the bytes. */
function block(block: Uint8Array): void {
  varint(block.length);
  room(block.length);
  bytes.set(block, length);
  length += block.length;
}

/** A length and the text in UTF-8. Half of a surrogate pair has none: without a path it becomes another character. */
function text(text: string, path: Path | undefined): void {
  const start = length;
  if (text.length <= SHORT) {
    varint(text.length);
    room(text.length);
    const into = bytes;
    let end = length;
    let units = 0;
    for (let at = 0; at < text.length; at++) units |= into[end++] = text.charCodeAt(at);
    if (units < 0x80) {
      length = end;
      return;
    }
    into.fill(0, start, end);
    length = start;
  }
  if (path && !text.isWellFormed()) {
    throw unfit(path, "text with half of a surrogate pair", "use text.toWellFormed(), or store bytes");
  }
  block(TEXT.encode(text));
}

/** A value; without a path it is in a message, where `undefined` is absent. */
function write(value: unknown, path?: Path): void {
  switch (typeof value) {
    case "string":
      byte(Kind.Str);
      return text(value, path);
    case "number":
      return number(value, path);
    case "boolean":
      byte(Kind.Bool);
      return byte(value ? 1 : 0);
    case "bigint":
      if (value > MAX_U64 || value < -MAX_I64 - 1n) throw unfit(path, "a BigInt of more than 64 bits", "store it as text");
      return bigint(value);
    case "object":
      return value === null ? byte(Kind.Null) : object(value, path);
    case "undefined":
      if (!path) return byte(Kind.Absent);
      throw unfit(path, "undefined", "leave it out, or store null");
    default:
      throw unfit(path, `a ${typeof value}`, "store data only, as a description");
  }
}

function object(value: object, path: Path | undefined): void {
  const isArray = Array.isArray(value);
  if (!isArray && !isPlain(value)) {
    if (!isBytes(value)) throw notPlain(value, path);
    byte(Kind.Bytes);
    return block(value);
  }
  if (path && path.length > MAX_DEPTH) {
    throw unfit(path.slice(0, 3), `nested more than ${MAX_DEPTH} deep, or in itself`, "flatten it, or store an id");
  }
  byte(isArray ? Kind.Array : Kind.Map);
  if (isArray) {
    // A getter may change it.
    const count = value.length;
    varint(count);
    for (let index = 0; index < count; index++) entry(index, value[index], path);
  } else {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    varint(entries.length);
    for (const [key, inner] of entries) entry(key, inner, path);
  }
}

function entry(key: string | number, value: unknown, path: Path | undefined): void {
  path?.push(key);
  if (typeof key === "string") text(key, path);
  write(value, path);
  path?.pop();
}

/** The way to a value: the session's own key, and those in the value. */
type Path = (string | number)[];

/** The encoding of `value`, which stands under `key` in a session. */
export function encode(value: unknown, key: string): Uint8Array {
  return written(() => write(value, [key]), (bytes) => bytes.slice());
}

/** What `use` makes of a message of these values. */
export function withMessage<T>(values: unknown[], use: (message: Uint8Array) => T): T {
  return written(() => values.forEach((value) => write(value)), use);
}

/** Refuses what is no text of so many bytes in UTF-8; half of a surrogate pair has none. */
export function checkText(text: unknown, code: ErrorCode, most = 255, least = 1): asserts text is string {
  const isFit =
    typeof text === "string" && text.isWellFormed() && text.length >= least &&
    (3 * text.length <= most || TEXT.encode(text).length <= most);
  if (!isFit) throw new SessionError(code);
}

/** Whether it is an object literal or has no prototype, in whatever realm it was made. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function unfit(path: Path | undefined, what: string, remedy: string): TypeError {
  const shown = path!.reduce((way, key) => (typeof key === "number" ? `${way}[${key}]` : `${way}.${key}`)) as string;
  return typeError(`the session value ${shown} is ${what}: ${remedy}`, { code: "invalid_value", path: shown });
}

const REMEDIES: Record<string, string> = {
  Date: "store its getTime()",
  Map: "store Object.fromEntries(map)",
  Set: "store [...set]",
  RegExp: "store its source",
  Promise: "await it",
  ArrayBuffer: "store new Uint8Array(buffer)",
  URL: "store its href",
};

function notPlain(value: object, path: Path | undefined): TypeError {
  const name = nameOf(value);
  const own: unknown = value.constructor?.name;
  const shown = typeof own === "string" && own !== "" ? own : name;
  const remedy = ArrayBuffer.isView(value)
    ? // The buffer alone may be one that others share, as a Buffer's is.
      "store new Uint8Array(array.buffer, array.byteOffset, array.byteLength)"
    : (REMEDIES[name] ?? "store a plain object of its fields, as { ...value }");
  return unfit(path, `an instance of ${shown}`, remedy);
}
