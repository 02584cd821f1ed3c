/** The module with sessions as text in base64: for Node, Deno, Bun, browsers and bundlers. Nothing has to be fetched. */

import { compiler } from "../compile.js";
import { text } from "./text.js";

/** The module, compiled when it is first needed. */
export const module = compiler(text);
