/** The module as text in base64: for Node, Deno, Bun, browsers and bundlers. Nothing has to be fetched. */

import { text } from "./text.js";

let compiled: WebAssembly.Module | undefined;

/** The module, compiled when it is first needed. */
export function module(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
  return compiled;
}
