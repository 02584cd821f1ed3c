// Puts the package together in dist/: `node build/package.mjs FOLDER`, where FOLDER has what wasm-bindgen made.
import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { forSeveralInstances } from "./glue.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const generated = process.argv[2];
const dist = join(here, "dist");

await rm(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "-p", here], { stdio: "inherit" });

const module = await readFile(join(generated, "fastsession_bg.wasm"));
await cp(join(generated, "fastsession_bg.wasm"), join(dist, "fastsession.wasm"));
await writeFile(join(dist, "wasm/text.js"), `export const text = "${module.toString("base64")}";\n`);

const glue = forSeveralInstances(await readFile(join(generated, "fastsession_bg.js"), "utf8"));
const small = await transform(glue, { minifyWhitespace: true, minifySyntax: true, legalComments: "none" });
await mkdir(join(dist, "core/glue"), { recursive: true });
await writeFile(join(dist, "core/glue/fastsession_bg.js"), small.code);

// For require(): file by file in a folder that says so, so that all entry points share their classes and the module.
const cjs = join(dist, "cjs");
const isForEdge = (name) => /^wasm\/(workerd|edge-light)\./.test(name);
for (const name of await readdir(dist, { recursive: true })) {
  if (isForEdge(name) || !/\.(js|d\.ts)$/.test(name)) continue;
  const text = await readFile(join(dist, name), "utf8");
  const isCode = name.endsWith(".js");
  await mkdir(dirname(join(cjs, name)), { recursive: true });
  await writeFile(join(cjs, name), isCode ? (await transform(text, { format: "cjs", platform: "node", target: "node20" })).code : text);
}
const own = { type: "commonjs", imports: { "#wasm": "./wasm/inline.js" } };
await writeFile(join(cjs, "package.json"), `${JSON.stringify(own, undefined, 2)}\n`);

// npm takes what lies beside package.json.
for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) await cp(join(here, "../..", name), join(here, name));
