/** Without the module: for those who load `fastsession/fastsession.wasm` themselves, then call {@link provide}. */

import { provide as provideModule } from "./core/instance.js";

export * from "./api.js";

/** Takes the compiled module: to be called once, before anything else. */
export function provide(module: WebAssembly.Module): void {
  provideModule(() => module);
}
