/** The module with sessions as Vercel's edge functions import it. */

import compiled from "../../fastsession.wasm?module";

/** The module. */
export const module = (): WebAssembly.Module => compiled;
