/** Reading the core's answers: the mirror image of wasm/src/message.rs. */

import { Reader } from "../value/reader.js";

/** Reads an answer. Its blocks are parts of it, not copies. */
export class MessageReader extends Reader {
  constructor(message: Uint8Array) {
    super(message, false);
  }

  flag(): boolean {
    return this.byte() !== 0;
  }

  optionalText(): string | null {
    return this.flag() ? this.text() : null;
  }

  optionalBlock(): Uint8Array | null {
    return this.flag() ? this.block() : null;
  }

  optionalNumber(): number | null {
    return this.flag() ? this.varint() : null;
  }

  /** A list of what `read` reads. */
  list<T>(read: () => T): T[] {
    const list: T[] = [];
    while (this.flag()) list.push(read());
    return list;
  }

  texts(): string[] {
    return this.list(() => this.text());
  }

  /** The last field: all that is left. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at);
  }

  /** The last field: text. */
  restText(): string {
    return this.text(this.bytes.length - this.at);
  }
}
