/** The module with sessions as Cloudflare Workers import it: compiled at deployment. */

import compiled from "../../fastsession.wasm";

/** The module. */
export const module = (): WebAssembly.Module => compiled;
