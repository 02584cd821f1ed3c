/** A WebAssembly module: its instance is made when it is first needed, and anew if it ever traps. */

import { NO_BYTES } from "../bytes.js";
import { SessionError } from "../error.js";
import { decodeAnswer } from "../value/reader.js";
import { withMessage } from "../value/writer.js";
import { failure } from "./failure.js";

/** What a module exports, besides one function of its own name that runs a phase, and tells where the answer is. */
interface Exports {
  memory: WebAssembly.Memory;
  /** Lends memory for a message, and tells where it is. */
  reserve(length: number): number;
}
type Run = (phase: number, number: number, now: number, length: number) => number;

/** What both modules can: keep something under a number, which they make of settings, and forget it. As in wasm/src. */
const enum Phase {
  New,
  Free,
}

/** How many things a module keeps: some 8 KiB each, of which the garbage collector sees nothing. */
const MOST = 64;

/** One of the package's modules, with its instance. */
export class Core {
  /** Where the compiled module comes from. Every entry point but `fastsession/slim` says it by itself. */
  source: (() => WebAssembly.Module) | undefined;
  /** How many instances were made so far. */
  instances = 0;
  readonly #name: string;
  readonly #own: (detail: number) => SessionError;
  #exports: (Exports & Record<string, unknown>) | undefined;
  #memory = NO_BYTES;
  /** The numbers of what the instance keeps, by name; the one used last is at the end. */
  readonly #kept = new Map<string, number>();

  /** Takes the module's name, and what makes the errors that only this module tells of. */
  constructor(
    name: string,
    own: (detail: number) => SessionError,
  ) {
    this.#name = name;
    this.#own = own;
  }

  /**
   * Runs a phase on a message of these values, and gives those of the answer.
   *
   * @throws the typed error that the answer tells of; a trap costs the instance, and the next call gets another
   */
  ask(phase: number, now: number, values: unknown[], number = 0): unknown[] {
    const { reserve, [this.#name]: run } = this.instantiate();
    let answer;
    try {
      answer = withMessage(values, (message) => {
        // An address may be in the upper half.
        const to = reserve(message.length) >>> 0;
        this.#all().set(message, to);
        const at = (run as Run)(phase, number, now, message.length) >>> 0;
        return decodeAnswer(this.#all(), at);
      });
    } catch (error) {
      this.#exports = undefined;
      this.#memory = NO_BYTES;
      throw new SessionError("internal", undefined, { cause: error });
    }
    const [hasFailed, answered] = answer;
    if (hasFailed) throw failure(answered, this.#own);
    return answered;
  }

  /** The number of what has this name. It is made of `settings` where the instance has none, or has forgotten it. */
  numberOf(name: string, settings: () => unknown[]): number {
    this.instantiate();
    const kept = this.#kept;
    const number = kept.get(name) ?? (this.ask(Phase.New, 0, settings())[0] as number);
    // Requests that wait for their store may still want what is forgotten, and have it made again.
    if (kept.size !== 1) kept.delete(name);
    kept.set(name, number);
    if (kept.size > MOST) {
      const [[oldest, idle]] = kept as Iterable<[string, number]> as [[string, number]];
      kept.delete(oldest);
      this.ask(Phase.Free, 0, [], idle);
    }
    return number;
  }

  /** All memory. It is another array after it grew. */
  #all(): Uint8Array {
    if (this.#memory.length === 0) this.#memory = new Uint8Array(this.#exports!.memory.buffer);
    return this.#memory;
  }

  /** Makes an instance, if there is none. */
  instantiate(): Exports & Record<string, unknown> {
    if (this.#exports) return this.#exports;
    if (!this.source) {
      throw new SessionError("invalid_config", "call provide(module) of fastsession/slim first");
    }
    this.instances += 1;
    this.#kept.clear();
    this.#memory = NO_BYTES;
    return (this.#exports = new WebAssembly.Instance(this.source()).exports as unknown as Exports & Record<string, unknown>);
  }
}
