/** The module with Fernet by itself as Vercel's edge functions import it. */

import compiled from "../../fernet.wasm?module";

/** The module. */
export const module = (): WebAssembly.Module => compiled;
