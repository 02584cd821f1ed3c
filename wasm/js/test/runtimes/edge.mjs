// Vercel's edge runtime. Its bundler turns `.wasm?module` into a compiled module, as is done here.
import { EdgeRuntime } from "edge-runtime";
import { readFile } from "node:fs/promises";
import { bundle } from "./bundle.mjs";
import { report } from "./report.mjs";

const code = await bundle("bundled.mjs", ["edge-light", "browser"], "cjs");
if (!code.includes('require("./fastsession.wasm")')) throw new Error("the edge-light entry point was not taken");
const bytes = await readFile(new URL("../../dist/fastsession.wasm", import.meta.url));
const runtime = new EdgeRuntime({
  extend: (context) => Object.assign(context, { compiledAsText: bytes.toString("base64") }),
  initialCode: `
    const compiled = new WebAssembly.Module(Uint8Array.from(atob(compiledAsText), (character) => character.charCodeAt(0)));
    const module = { exports: {} }, exports = module.exports, require = () => compiled;
    ${code}
    globalThis.outcome = module.exports.outcome;`,
});
report("edge-runtime", await runtime.evaluate("outcome"));
