// Puts the package together in dist/: `node build/package.mjs FOLDER`, where FOLDER has what wasm-bindgen made.
import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const here = fileURLToPath(new URL("..", import.meta.url));
const generated = process.argv[2];
const dist = join(here, "dist");

await rm(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "-p", here], { stdio: "inherit" });

/** The modules, and their names as files. */
const MODULES = { sessions: "fastsession.wasm", fernet: "fernet.wasm" };
for (const [name, file] of Object.entries(MODULES)) {
  const module = await readFile(join(generated, `${name}_bg.wasm`));
  await writeFile(join(dist, file), module);
  await writeFile(join(dist, `wasm/${name}/text.js`), `export const text = "${module.toString("base64")}";\n`);
}

// For require(): file by file in a folder that says so, so that all entry points share their classes and the module.
const cjs = join(dist, "cjs");
const isForEdge = (name) => /^wasm\/\w+\/(workerd|edge-light)\./.test(name);
for (const name of await readdir(dist, { recursive: true })) {
  if (isForEdge(name) || !/\.(js|d\.ts)$/.test(name)) continue;
  const text = await readFile(join(dist, name), "utf8");
  const isCode = name.endsWith(".js");
  await mkdir(dirname(join(cjs, name)), { recursive: true });
  await writeFile(join(cjs, name), isCode ? (await transform(text, { format: "cjs", platform: "node", target: "node20" })).code : text);
}
const own = { type: "commonjs", imports: Object.fromEntries(Object.keys(MODULES).map((name) => [`#wasm/${name}`, `./wasm/${name}/inline.js`])) };
await writeFile(join(cjs, "package.json"), `${JSON.stringify(own, undefined, 2)}\n`);

// npm takes what lies beside package.json.
for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) await cp(join(here, "../..", name), join(here, name));
