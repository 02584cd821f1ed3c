/** Reading values: the mirror image of writer.ts. What is read was written or checked by the core. */

import { usage } from "../error.js";
import { Kind } from "./kind.js";

/** Up to here a text is read character by character, which is faster than a call of the decoder. */
const SHORT = 8;
/** A byte order mark is a character like others: without it, a name would be another. */
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads values one after the other. */
export class Reader {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get isDone(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError("a session value ends too early");
    return byte;
  }

  /** An integer of seven bits a byte; above 2^53 it is rounded, so that only lengths are read by this. */
  varint(): number {
    let number = 0;
    for (let weight = 1; ; weight *= 0x80) {
      const byte = this.byte();
      number += (byte & 0x7f) * weight;
      if (byte < 0x80) return number;
    }
  }

  bigVarint(): bigint {
    let number = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      number |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
  }

  integer(): number | bigint {
    const start = this.at;
    const number = this.varint();
    if (number < Number.MAX_SAFE_INTEGER) return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
    this.at = start;
    const big = this.bigVarint();
    const value = (big >> 1n) ^ -(big & 1n);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** A part of what is read, not a copy. */
  block(): Uint8Array {
    const length = this.varint();
    const block = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return block;
  }

  /** Text of so many bytes, which a number before it tells unless it is given. */
  text(length = this.varint()): string {
    const end = this.at + length;
    if (length <= SHORT) {
      let text = "";
      let at = this.at;
      for (; at < end; at++) {
        const byte = this.bytes[at];
        if (byte === undefined || byte >= 0x80) break;
        text += String.fromCharCode(byte);
      }
      if (at === end) {
        this.at = end;
        return text;
      }
    }
    const text = TEXT.decode(this.bytes.subarray(this.at, end));
    this.at = end;
    return text;
  }

  /** What `read` reads, as often as a number before it tells. */
  array<T>(read: () => T): T[] {
    const array: T[] = [];
    for (let left = this.varint(); left > 0; left--) array.push(read());
    return array;
  }

  value(): unknown {
    switch (this.byte()) {
      case Kind.Null:
        return null;
      case Kind.Bool:
        return this.byte() === 1;
      case Kind.Int:
        return this.integer();
      case Kind.UInt:
        return this.bigVarint();
      case Kind.Float:
        this.at += 8;
        return new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at - 8).getFloat64(0, true);
      case Kind.Str:
        return this.text();
      case Kind.Bytes:
        return this.block().slice();
      case Kind.Array:
        return this.array(() => this.value());
      case Kind.Map:
        // An assignment to the key `__proto__` would set the prototype.
        return Object.fromEntries(this.array(() => [this.text(), this.value()]));
      default:
        throw new RangeError("not a session value");
    }
  }
}

/**
 * The value that these bytes encode. The core has looked at what comes from a record, but not whether its text is UTF-8.
 *
 * @throws {@link SessionError} `unreadable_value`
 */
export function decode(bytes: Uint8Array): unknown {
  try {
    return new Reader(bytes).value();
  } catch (cause) {
    throw usage("unreadable_value", cause);
  }
}
