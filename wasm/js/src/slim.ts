/** Without the module: for those who load `fastsession/fastsession.wasm` themselves, then call {@link provide}. */

import { sessionsCore } from "./core/phases.js";
import { nameOf } from "./bytes.js";
import { SessionError } from "./error.js";

export * from "./api.js";

let provided: WebAssembly.Module | undefined;

/**
 * Takes the compiled module: to be called before anything else. It can be called again with another one until sessions are
 * made with the first.
 *
 * @throws {@link SessionError} `invalid_config` for anything but a compiled module, and where another one is in use
 */
export function provide(module: WebAssembly.Module): void {
  // Whatever realm compiled it.
  if (nameOf(module) !== "WebAssembly.Module") {
    throw new SessionError(
      "invalid_config",
      "provide() needs a WebAssembly.Module: import fastsession/fastsession.wasm as one, or await WebAssembly.compile(bytes)",
    );
  }
  if (provided === module) return;
  if (provided !== undefined && sessionsCore.instances > 0) throw new SessionError("invalid_config", "a module is in use already: call provide() before anything else");
  provided = module;
  sessionsCore.source = () => module;
}
