/** Reading values: the mirror image of writer.ts. What is read was written or checked by the core. */

/** A byte order mark is a character like others: without it, a name would be another. */
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });
/** Up to here a text is read character by character, which is faster than a call of the decoder. */
const SHORT = 8;

/** Reads values one after the other. */
export class Reader {
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    /** Whether bytes are given as copies, as an application needs them. */
    readonly copies: boolean,
  ) {}

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
    const value = (big & 1n) === 0n ? big >> 1n : -((big + 1n) >> 1n);
    const isSafe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
    return isSafe ? Number(value) : value;
  }

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

  value(): unknown {
    switch (this.byte()) {
      case 0:
        return null;
      case 1:
        return this.byte() === 1;
      case 2:
        return this.integer();
      case 3:
        return this.bigVarint();
      case 4: {
        const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at, 8);
        this.at += 8;
        return view.getFloat64(0, true);
      }
      case 5:
        return this.text();
      case 6: {
        const block = this.block();
        return this.copies ? block.slice() : block;
      }
      case 7: {
        const count = this.varint();
        const array: unknown[] = [];
        for (let index = 0; index < count; index++) array.push(this.value());
        return array;
      }
      case 8: {
        const count = this.varint();
        const map: Record<string, unknown> = {};
        for (let index = 0; index < count; index++) {
          const key = this.text();
          const value = this.value();
          if (key === "__proto__") {
            // An assignment would set the prototype.
            Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
          } else {
            map[key] = value;
          }
        }
        return map;
      }
      default:
        throw new RangeError("not a session value");
    }
  }
}

/** The value that these bytes encode. */
export function decode(bytes: Uint8Array): unknown {
  return new Reader(bytes, true).value();
}
