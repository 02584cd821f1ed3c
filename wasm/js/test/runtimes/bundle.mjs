// Bundles a test for a runtime, as an application's bundler would: the package by its entry points.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Modules of WebAssembly lie beside the bundle. */
const beside = {
  name: "wasm",
  setup: (bundler) => bundler.onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path }) => ({ path: `./${/\w+\.wasm/.exec(path)[0]}`, external: true })),
};

/** The code of `entry`, for a runtime that is named by `conditions`; modules of WebAssembly stay imports. */
export async function bundle(entry, conditions, format = "esm") {
  const result = await build({
    entryPoints: [`${here}${entry}`],
    bundle: true,
    write: false,
    format,
    target: "es2022",
    conditions,
    plugins: [beside],
    logLevel: "warning",
    ...(format === "iife" ? { globalName: "test" } : {}),
  });
  return result.outputFiles[0].text;
}
