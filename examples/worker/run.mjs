// Runs the Worker here: `node examples/worker/run.mjs`, after `cargo xtask wasm`. PORT says where (8787 unless set), and
// FASTSESSION_STORE on what: `kv` (unless set) or `objects`, Durable Objects, which also list devices and end their sessions.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const here = new URL(".", import.meta.url);
const packageFolder = new URL("../../wasm/js/", import.meta.url);
const tools = createRequire(new URL("package.json", packageFolder));
const { build } = tools("esbuild");
const { Miniflare } = tools("miniflare");
const { Fernet } = await import(new URL("dist/fernet.js", packageFolder));

const text = (path) => readFile(new URL(path, import.meta.url), "utf8");
const bundled = await build({
  entryPoints: [fileURLToPath(new URL("src/worker.js", here))],
  bundle: true,
  write: false,
  format: "esm",
  conditions: ["workerd", "worker", "browser"],
  alias: { "fastsession": fileURLToPath(new URL("dist/index.js", packageFolder)), "fastsession/stores": fileURLToPath(new URL("dist/stores/index.js", packageFolder)) },
  plugins: [{ name: "wasm", setup: (bundler) => bundler.onResolve({ filter: /\.wasm$/ }, () => ({ path: "./fastsession.wasm", external: true })) }],
});
const port = Number(process.env.PORT ?? 8787);
const worker = new Miniflare({
  port,
  modules: [
    { type: "ESModule", path: "worker.js", contents: bundled.outputFiles[0].text },
    { type: "CompiledWasm", path: "fastsession.wasm", contents: await readFile(new URL("dist/fastsession.wasm", packageFolder)) },
  ],
  compatibilityDate: "2025-01-01",
  kvNamespaces: ["KV"],
  durableObjects: { OBJECTS: "SessionObject" },
  bindings: {
    SESSION_KEY: process.env.FASTSESSION_KEY ?? Fernet.generateKey(),
    STORE: process.env.FASTSESSION_STORE ?? "kv",
    STYLE: await text("../demo/src/page/style.css"),
    ICON: await text("../demo/src/page/icon.svg"),
  },
});
console.log(`The demo runs at ${await worker.ready}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => worker.dispose().then(() => process.exit(0)));
