// Puts the package together in dist/: `node build/package.mjs FOLDER`, where FOLDER has what wasm-bindgen made.
import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
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

// For require(): one file each, in a folder that says so, with the same declarations.
for (const name of ["index", "slim", "fernet", "hono", "stores/index"]) {
  await build({
    entryPoints: [join(dist, `${name}.js`)],
    outfile: join(dist, `cjs/${name}.js`),
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    conditions: ["default"],
    external: ["hono"],
    logLevel: "warning",
  });
}
const isDeclaration = (path) => !/\.[a-z]+$/.test(path) || path.endsWith(".d.ts");
for (const name of await readdir(dist)) {
  if (name !== "cjs") await cp(join(dist, name), join(dist, "cjs", name), { recursive: true, filter: isDeclaration });
}
await writeFile(join(dist, "cjs/package.json"), '{ "type": "commonjs" }\n');
