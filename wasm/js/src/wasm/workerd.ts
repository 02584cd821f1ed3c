/** The module as Cloudflare Workers import it: compiled at deployment. */

import compiled from "../fastsession.wasm";

/** The module. */
export function module(): WebAssembly.Module {
  return compiled;
}
