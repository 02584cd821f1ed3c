/** The module as Vercel's edge functions import it. */

import compiled from "../fastsession.wasm?module";

/** The module. */
export function module(): WebAssembly.Module {
  return compiled;
}
