/** The memory that the core lends for a message: what is written there needs no copy. */

import { Writer } from "../value/writer.js";

/** What most messages take. */
const USUAL = 4_096;
/** Up to here a text is written character by character, which is faster than a call of the encoder. */
const SHORT = 256;
const TEXT = new TextEncoder();

/** Writes messages, one after the other, where the core reads them. */
export class Lent extends Writer {
  readonly #memory: WebAssembly.Memory;
  readonly #reserve: (length: number) => number;
  #start = 0;
  #end = 0;

  constructor(memory: WebAssembly.Memory, reserve: (length: number) => number) {
    super(new Uint8Array(memory.buffer));
    this.#memory = memory;
    this.#reserve = reserve;
    this.room(USUAL);
  }

  /** All memory. It is another array after it grew. */
  memory(): Uint8Array {
    if (this.bytes.length === 0) this.bytes = new Uint8Array(this.#memory.buffer);
    return this.bytes;
  }

  /** Begins a message. */
  begin(): void {
    this.memory();
    this.length = this.#start;
  }

  /** How many bytes the message has. */
  get written(): number {
    return this.length - this.#start;
  }

  override room(more: number): void {
    if (this.length + more <= this.#end) return;
    const { written } = this;
    const most = Math.max(2 * (this.#end - this.#start), written + more);
    this.#start = this.#reserve(most);
    this.#end = this.#start + most;
    this.length = this.#start + written;
    this.memory();
  }

  flag(flag: boolean): void {
    this.byte(flag ? 1 : 0);
  }

  optional(thing: number | string | boolean | undefined): void {
    this.flag(thing !== undefined);
    if (typeof thing === "string") this.word(thing);
    else if (thing !== undefined) this.varint(Number(thing));
  }

  /** Text that is known to be well-formed, or that the core refuses. */
  word(text: string): void {
    this.text(text.toWellFormed());
  }

  /** The last field: text. */
  restText(text: string): void {
    this.room(text.length);
    let at = 0;
    if (text.length <= SHORT) {
      for (; at < text.length; at++) {
        const unit = text.charCodeAt(at);
        if (unit >= 0x80) break;
        this.bytes[this.length++] = unit;
      }
    }
    while (at < text.length) {
      const { read, written } = TEXT.encodeInto(text.slice(at), this.bytes.subarray(this.length, this.#end));
      at += read;
      this.length += written;
      // Most long texts are a byte a character; what is left of this one may be three.
      if (at < text.length) this.room(3 * (text.length - at));
    }
  }
}
