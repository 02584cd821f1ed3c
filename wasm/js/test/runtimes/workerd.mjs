// Cloudflare's runtime, through miniflare: the Worker of worker.mjs with real bindings.
import { Miniflare } from "miniflare";
import { readFile } from "node:fs/promises";
import { bundle } from "./bundle.mjs";
import { report } from "./report.mjs";

const contents = await bundle("worker.mjs", ["workerd", "worker", "browser"]);
const compiled = (name) => readFile(new URL(`../../dist/${name}`, import.meta.url));
const worker = new Miniflare({
  modules: [
    { type: "ESModule", path: "worker.mjs", contents },
    { type: "CompiledWasm", path: "fastsession.wasm", contents: await compiled("fastsession.wasm") },
    { type: "CompiledWasm", path: "fernet.wasm", contents: await compiled("fernet.wasm") },
  ],
  compatibilityDate: "2025-01-01",
  kvNamespaces: ["KV"],
  durableObjects: { OBJECTS: "SessionObject" },
  d1Databases: ["DB"],
});
try {
  report("workerd", await (await worker.dispatchFetch("http://localhost/")).json());
  let cookie = "";
  for (const expected of ["1", "2", "3"]) {
    const response = await worker.dispatchFetch("http://localhost/count", { headers: { cookie } });
    const lines = response.headers.getSetCookie();
    if (lines.length > 1 || cookie === "") cookie = lines.map((line) => line.split(";")[0]).join("; ");
    else cookie = [lines[0].split(";")[0], cookie.split("; ")[1]].join("; ");
    const text = await response.text();
    if (text !== expected) throw new Error(`visit ${expected} was counted as ${text}`);
  }
} finally {
  await worker.dispose();
}
