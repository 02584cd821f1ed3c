/** A WebAssembly module: its instance is made when it is first needed, and anew if it ever traps. */

import { SessionError, internal } from "../error.js";
import { failure } from "./failure.js";
import { Lent } from "./lent.js";
import { MessageReader } from "./reader.js";

/** Where the compiled module comes from. */
type Source = () => WebAssembly.Module;

/** Runs a phase with the thing of a number, on a message of a length; gives the address of the answer. */
type Run = (phase: number, number: number, now: number, length: number) => number;

/** Bytes of an answer's length, and of whether it is a failure. */
const HEAD = 5;

/** One of the package's modules, with its instance. */
export class Core {
  /** Where the module comes from. Every entry point but `fastsession/slim` says it by itself. */
  source: Source | undefined;
  /** How many instances were made so far. What was kept in an earlier one than the last is gone. */
  instances = 0;
  readonly #bind: (exports: WebAssembly.Exports) => void;
  readonly #reserve: (length: number) => number;
  readonly #run: Run;
  #lent: Lent | undefined;

  /** Takes what wasm-bindgen makes for the module. */
  constructor(bind: (exports: WebAssembly.Exports) => void, reserve: (length: number) => number, run: Run) {
    this.#bind = bind;
    this.#reserve = reserve;
    this.#run = run;
  }

  /**
   * Runs a phase, for which `write` writes the message, and gives its answer.
   *
   * @throws the typed error that the answer tells of; a trap costs the instance, and the next call gets another
   */
  ask(phase: number, number: number, now: number, write: (message: Lent) => void): MessageReader {
    const lent = this.#lent ?? this.instantiate();
    let answer: Uint8Array;
    let isFailure: boolean;
    try {
      lent.begin();
      write(lent);
      const at = this.#run(phase, number, now, lent.written);
      const memory = lent.memory();
      // A DataView would cost more than all else here.
      const length = memory[at]! + memory[at + 1]! * 2 ** 8 + memory[at + 2]! * 2 ** 16 + memory[at + 3]! * 2 ** 24;
      isFailure = memory[at + HEAD - 1] !== 0;
      answer = memory.slice(at + HEAD, at + HEAD + length);
    } catch (error) {
      this.#lent = undefined;
      throw internal(error);
    }
    const reader = new MessageReader(answer);
    if (isFailure) throw failure(reader);
    return reader;
  }

  /** Makes an instance, if there is none. */
  instantiate(): Lent {
    if (this.#lent !== undefined) return this.#lent;
    if (this.source === undefined) {
      throw new SessionError("invalid_config", "no WebAssembly module: call provide(module) of fastsession/slim first");
    }
    const { exports } = new WebAssembly.Instance(this.source());
    this.#bind(exports);
    this.instances += 1;
    return (this.#lent = new Lent(exports["memory"] as WebAssembly.Memory, this.#reserve));
  }
}
