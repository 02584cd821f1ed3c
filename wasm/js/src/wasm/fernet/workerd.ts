/** The module with Fernet by itself as Cloudflare Workers import it: compiled at deployment. */

import compiled from "../../fernet.wasm";

/** The module. */
export const module = (): WebAssembly.Module => compiled;
