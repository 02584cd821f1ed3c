/** Reading the core's answers: the mirror image of wasm/src/message.rs. */

import { Reader } from "../value/reader.js";

/** Reads an answer. */
export class MessageReader extends Reader {
  flag(): boolean {
    return this.byte() !== 0;
  }

  optionalText(): string | undefined {
    return this.flag() ? this.text() : undefined;
  }

  optionalBlock(): Uint8Array | undefined {
    return this.flag() ? this.block() : undefined;
  }

  optionalNumber(): number | undefined {
    return this.flag() ? this.varint() : undefined;
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
