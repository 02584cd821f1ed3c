// Vercel's edge runtime. Its bundler turns `.wasm?module` into a compiled module, as is done here.
import { EdgeRuntime } from "edge-runtime";
import { readFile } from "node:fs/promises";
import { bundle } from "./bundle.mjs";
import { report } from "./report.mjs";

const code = await bundle("bundled.mjs", ["edge-light", "browser"], "cjs");
if (!code.includes('require("./fastsession.wasm")')) throw new Error("the edge-light entry point was not taken");
const compiledAsText = {};
for (const name of ["fastsession.wasm", "fernet.wasm"]) {
  compiledAsText[`./${name}`] = (await readFile(new URL(`../../dist/${name}`, import.meta.url))).toString("base64");
}
const runtime = new EdgeRuntime({
  extend: (context) => Object.assign(context, { compiledAsText }),
  initialCode: `
    const compile = (text) => new WebAssembly.Module(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
    const module = { exports: {} }, exports = module.exports, require = (name) => compile(compiledAsText[name]);
    ${code}
    globalThis.outcome = module.exports.outcome;`,
});
report("edge-runtime", await runtime.evaluate("outcome"));
