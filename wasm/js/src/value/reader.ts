/** Reading values: the mirror image of writer.ts. What is read was written or checked by the core. */

import { SessionError } from "../error.js";
import { Kind } from "./kind.js";

/** Up to here a text is read character by character, which is faster than a call of the decoder. */
const SHORT = 8;
/** A byte order mark is a character like others: without it, a name would be another. */
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// What is being read, and where: reading is done before anything else is.
let bytes: Uint8Array;
let at: number;

function byte(): number {
  const next = bytes[at++];
  if (next === undefined) throw new RangeError("not a session value");
  return next;
}

/** An integer of seven bits a byte; above 2^53 it is rounded. */
function varint(): number {
  let number = 0;
  for (let weight = 1; ; weight *= 0x80) {
    const next = byte();
    number += (next & 0x7f) * weight;
    if (next < 0x80) return number;
  }
}

function bigVarint(): bigint {
  let number = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const next = byte();
    number |= BigInt(next & 0x7f) << shift;
    if (next < 0x80) return number;
  }
}

function integer(): number | bigint {
  const start = at;
  const number = varint();
  if (number < 2 ** 53 - 1) return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
  at = start;
  const big = bigVarint();
  const value = (big >> 1n) ^ -(big & 1n);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function text(): string {
  const end = varint() + at;
  const start = at;
  let text = "";
  if (end - at <= SHORT) while (at < end && bytes[at]! < 0x80) text += String.fromCharCode(bytes[at++]!);
  if (at === end) return text;
  at = end;
  return TEXT.decode(bytes.subarray(start, end));
}

/** What `read` reads, as often as a number before it tells. */
function array<T>(read: () => T): T[] {
  const array: T[] = [];
  for (let left = varint(); left > 0; left--) array.push(read());
  return array;
}

/** Values up to an end. */
function list(): unknown[] {
  const list: unknown[] = [];
  while (bytes[at] !== Kind.End) list.push(value());
  at++;
  return list;
}

function value(): unknown {
  switch (byte()) {
    case Kind.Null:
      return null;
    case Kind.Bool:
      return byte() === 1;
    case Kind.Int:
      return integer();
    case Kind.UInt:
      return bigVarint();
    case Kind.Float:
      return new DataView(bytes.slice(at, (at += 8)).buffer).getFloat64(0, true);
    case Kind.Str:
      return text();
    case Kind.Bytes: {
      const end = varint() + at;
      return bytes.slice(at, (at = end));
    }
    case Kind.Array:
      return array(value);
    case Kind.Map:
      // An assignment to the key `__proto__` would set the prototype.
      return Object.fromEntries(array(() => [text(), value()]));
    case Kind.List:
      return list();
    case Kind.Absent:
      return undefined;
    default:
      throw new RangeError("not a session value");
  }
}

/**
 * The value that these bytes encode. The core has looked at what comes from a record, but not whether its text is UTF-8.
 *
 * @throws {@link SessionError} `unreadable_value`
 */
export function decode(encoded: Uint8Array): unknown {
  bytes = encoded;
  at = 0;
  try {
    return value();
  } catch (cause) {
    throw new SessionError("unreadable_value", undefined, { cause });
  }
}

/** What the core answers, which begins there in its memory: whether it failed, and values. */
export function decodeAnswer(memory: Uint8Array, start: number): [hasFailed: boolean, values: unknown[]] {
  bytes = memory;
  at = start;
  return [byte() === 1, list()];
}
