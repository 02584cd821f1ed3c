// Project Wycheproof's cases on the core's primitives, and its AES beside another, in WebAssembly, in Node.js and in workerd:
// `node test/wycheproof.mjs MODULE`, which `cargo xtask test --only npm` builds from tests/wycheproof.
import { readFile } from "node:fs/promises";
import { Miniflare } from "miniflare";

/** The sets, in the order of core/src/primitives/vectors.rs, and how many cases each has. */
const SETS = {
  "HMAC-SHA256": 174,
  "AES-128-CBC-PKCS5": 72,
  "HKDF-SHA256": 86,
  "PBKDF2-HMAC-SHA256": 60,
  "AES-128 of the crate aes": 2000,
};

const bytes = await readFile(process.argv[2]);

/** How many cases of each set passed; less than zero where one failed. */
function outcomes(module, count) {
  const { exports } = new WebAssembly.Instance(module);
  return Array.from({ length: count }, (_, set) => exports.run(set));
}

async function inWorkerd(count) {
  const script = `import module from "./wycheproof.wasm";
    ${outcomes}
    export default { fetch: () => Response.json(outcomes(module, ${count})) };`;
  const worker = new Miniflare({
    modules: [
      { type: "ESModule", path: "worker.mjs", contents: script },
      { type: "CompiledWasm", path: "wycheproof.wasm", contents: bytes },
    ],
    compatibilityDate: "2025-01-01",
  });
  try {
    return await (await worker.dispatchFetch("http://localhost/")).json();
  } finally {
    await worker.dispose();
  }
}

const names = Object.keys(SETS);
const runs = { "Node.js": outcomes(new WebAssembly.Module(bytes), names.length), "workerd": await inWorkerd(names.length) };
for (const [runtime, passed] of Object.entries(runs)) {
  for (const [at, name] of names.entries()) {
    if (passed[at] === SETS[name]) continue;
    process.exitCode = 1;
    const what = passed[at] < 0 ? `case ${~passed[at]} failed` : `${passed[at]} of ${SETS[name]} cases were run`;
    console.error(`${runtime}: ${name}: ${what}`);
  }
  if (process.exitCode === undefined) console.log(`${runtime}: ${passed.reduce((sum, count) => sum + count)} cases of the primitives passed`);
}
