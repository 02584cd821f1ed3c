/** The instance of the WebAssembly module: made when it is first needed, and anew if it ever traps. */

import * as glue from "./glue/fastsession_bg.js";
import { coreError, internal, SessionError } from "../error.js";

/** Where the compiled module comes from. */
type Source = () => WebAssembly.Module;

let source: Source | undefined;
let generation = 0;
let isReady = false;

/** Says where the module comes from. Every entry point but `fastsession/slim` does it by itself. */
export function provide(module: Source): void {
  source ??= module;
}

/** Forgets the module and the instance, for tests. */
export function instances(): number {
  return generation;
}

/** Calls the core. What it throws becomes a typed error; a trap costs the instance, and the next call gets another. */
export function call<T>(work: (core: typeof glue, generation: number) => T): T {
  if (!isReady) instantiate();
  try {
    return work(glue, generation);
  } catch (error) {
    if (typeof error === "string") throw coreError(error);
    if (error instanceof SessionError || error instanceof TypeError) throw error;
    isReady = false;
    throw internal(error);
  }
}

function instantiate(): void {
  if (source === undefined) {
    throw new SessionError("invalid_config", "no WebAssembly module: call provide(module) of fastsession/slim first");
  }
  const instance = new WebAssembly.Instance(source(), { "./fastsession_bg.js": glue as never });
  glue.__wbg_set_wasm(instance.exports);
  const start = instance.exports["__wbindgen_start"];
  if (typeof start === "function") start();
  generation += 1;
  isReady = true;
}
