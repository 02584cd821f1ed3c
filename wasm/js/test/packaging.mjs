// Installs the packed tarball into small projects, as users do, and lets each count two visits: `node test/packaging.mjs TARBALL`
// for all of them, or with their names behind it.
import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { hosts } from "./packaging/hosts.mjs";
import { modules } from "./programs.mjs";
import { runReadme } from "./readme/blocks.mjs";
import { checkTables } from "./readme/tables.mjs";

/** What a Worker may ship of this package, compressed: module and driver. */
const MOST_BYTES = Number(process.env.FASTSESSION_TEST_MOST_BYTES ?? 40_000);

const [packed, ...named] = process.argv.slice(2);
const tarball = resolve(packed);
const README = new URL("../README.md", import.meta.url);
const root = await mkdtemp(join(tmpdir(), "fastsession-packages-"));

const COUNT = `
const sessions = createSessions({ keys: Fernet.generateKey(), store: mapStore() });
let cookie = "";
for (const expected of [1, 2]) {
  const session = await sessions.load(cookie);
  const visits = session.update("visits", (visits = 0) => visits + 1);
  const [line] = await session.cookies();
  cookie ||= line.split(";")[0];
  if (visits !== expected) throw new Error("visit " + expected + " was counted as " + visits);
}
console.log("counted");
`;
const IMPORTS = `import { createSessions, mapStore } from "fastsession";\nimport { Fernet } from "fastsession/fernet";\n`;

/** A folder with the package installed, and what else the project needs linked from the tests' own packages. */
async function project(name, links = [], isInstalled = true) {
  const folder = join(root, name);
  const installed = join(folder, "node_modules/fastsession");
  await mkdir(isInstalled ? installed : folder, { recursive: true });
  if (isInstalled) execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  for (const link of links) {
    await mkdir(dirname(join(folder, "node_modules", link)), { recursive: true });
    await symlink(join(modules, link), join(folder, "node_modules", link));
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }');
  return folder;
}

function node(folder, ...args) {
  return execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
}

function counted(output) {
  if (!/^counted$/m.test(output)) throw new Error(`it printed ${output}`);
}

const projects = {
  async "Node.js, import"() {
    const folder = await project("esm");
    await writeFile(join(folder, "main.js"), IMPORTS + COUNT);
    counted(node(folder, "main.js"));
  },
  async "Node.js, require"() {
    const folder = await project("cjs", ["hono"]);
    const requires = `const { createSessions, mapStore } = require("fastsession"); const { Fernet } = require("fastsession/fernet");`;
    await writeFile(join(folder, "main.cjs"), `${requires}\n(async () => {${COUNT}})();`);
    counted(node(folder, "main.cjs"));
  },
  async "Node.js, import and require in one program"() {
    const folder = await project("both", ["hono"]);
    await copyFile(new URL("entry-points.cjs", import.meta.url), join(folder, "entry-points.cjs"));
    await writeFile(join(folder, "main.cjs"), `
      const { check, load } = require("./entry-points.cjs");
      (async () => {
        const [required, imported] = [await load((name) => require(name)), await load((name) => import(name))];
        // What one entry point made, another must know, however both were loaded.
        for (const makers of [required, imported]) for (const users of [required, imported]) await check(makers, users);
        console.log("counted");
      })();`);
    counted(node(folder, "main.cjs"));
  },
  async "what is no entry point cannot be reached"() {
    const folder = await project("private");
    for (const name of ["stores/redis-layout", "core/instance", "dist/index.js"]) {
      await writeFile(join(folder, "main.js"), `await import("fastsession/${name}");`);
      let isRefused = false;
      try {
        execFileSync(process.execPath, ["main.js"], { cwd: folder, stdio: "pipe" });
      } catch (error) {
        isRefused = String(error.stderr).includes("ERR_PACKAGE_PATH_NOT_EXPORTED");
      }
      if (!isRefused) throw new Error(`fastsession/${name} can be imported`);
    }
  },
  async "the module loaded by hand"() {
    const folder = await project("slim");
    await writeFile(join(folder, "main.js"), `
      import { createSessions, mapStore, provide } from "fastsession/slim";
      import { readFile } from "node:fs/promises";
      const bytes = await readFile(new URL(import.meta.resolve("fastsession/fastsession.wasm")));
      const Fernet = { generateKey: () => "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=" };
      const make = () => createSessions({ keys: Fernet.generateKey(), store: mapStore() });
      const refused = (work, part) => {
        let message = "";
        try { work(); } catch (error) { message = error.code + " " + error.message; }
        if (!message.startsWith("invalid_config") || !message.includes(part)) throw new Error(part + ": " + message);
      };
      refused(make, "provide(module)");
      for (const junk of [undefined, null, 5, bytes, Promise.resolve()]) refused(() => provide(junk), "WebAssembly.Module");
      // Another module, which does not serve: it can be replaced as long as it was not used.
      provide(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)));
      const module = await WebAssembly.compile(bytes);
      provide(module);
      ${COUNT}
      provide(module);
      refused(() => provide(new WebAssembly.Module(bytes)), "in use");`);
    counted(node(folder, "main.js"));
  },
  async "TypeScript, strict"() {
    const folder = await project("typescript", ["hono"]);
    await writeFile(join(folder, "main.ts"), `
      import { createSessions, mapStore, SessionError, type SessionStore, type Session, type Value } from "fastsession";
      import { Fernet } from "fastsession/fernet";
      import { session, type SessionVariables } from "fastsession/hono";
      import { d1Store, redisStore } from "fastsession/stores";
      import { kvStore, type KvNamespace } from "fastsession/stores/kv";
      import { Hono } from "hono";
      interface Data { visits: number; cart?: string[] }
      const store: SessionStore = mapStore();
      const sessions = createSessions<Data, { SECRET: string }>({ keys: ({ env }) => env.SECRET, store });
      const app = new Hono<{ Variables: SessionVariables<Data> }>();
      app.use(session<Data>({ keys: Fernet.generateKey(), store }));
      app.get("/", (c) => c.text(String(c.get("session").update("visits", (visits = 0) => visits + 1))));
      export async function handle(request: Request): Promise<Response> {
        const session: Session<Data> = await sessions.get(request, { env: { SECRET: "" } });
        const visits: number | undefined = session.get("visits");
        session.insert("cart", ["a"]);
        // @ts-expect-error: a number is asked for
        session.insert("visits", "three");
        // @ts-expect-error: there is no such key
        session.get("visit");
        return session.commit(new Response(String(visits)));
      }
      interface Item { id: string; tags?: readonly string[]; size: [number, number | bigint]; picture: Uint8Array | null }
      interface Shop { items: Item[]; by: Record<string, Item>; open: { from: number }[]; last: Item | undefined; rest: unknown; value: Value }
      const shop = createSessions<Shop>({ keys: "", store });
      createSessions<{ loose: any }>({ keys: "", store });
      createSessions<Record<string, unknown>>({ keys: "", store });
      // @ts-expect-error: a Date is no value
      createSessions<{ at: Date }>({ keys: "", store });
      // @ts-expect-error: nor within another
      createSessions<{ seen: { at?: Date }[] }>({ keys: "", store });
      // @ts-expect-error
      createSessions<{ tags: Set<string> }>({ keys: "", store });
      // @ts-expect-error
      createSessions<{ tags: Map<string, string> | null }>({ keys: "", store });
      // @ts-expect-error
      createSessions<{ run(): void }>({ keys: "", store });
      // @ts-expect-error
      createSessions<{ name: symbol }>({ keys: "", store });
      // @ts-expect-error
      createSessions<{ samples: Float32Array }>({ keys: "", store });
      // @ts-expect-error: an array has no place for what is absent
      createSessions<{ list: (string | undefined)[] }>({ keys: "", store });
      createSessions<{ rows: { name: string; note?: string }[]; pair: [string, number] }>({ keys: "", store });
      // @ts-expect-error: data has keys
      createSessions<string>({ keys: "", store });
      // @ts-expect-error
      session<{ at: Date }>({ keys: "", store });
      app.use(session(shop));
      interface Notice { text: string; kind?: "good" | "bad" }
      const show = (session: Session): string => String(session.get("visits"));
      export async function loose(request: Request): Promise<Response> {
        const session = await sessions.get(request);
        const notice: Notice = { text: "saved" };
        session.flash("notice", notice);
        const shown: Notice | undefined = session.takeFlash<Notice>("notice");
        session.insert("visits", undefined);
        // A session of some data is a session to what asks for no more, and the other way round.
        const any: Session = session;
        const typed: Session<Data> = any;
        return typed.commit(new Response(show(session) + shown?.text));
      }
      interface Env { SESSION_KEY: string; SESSIONS: KvNamespace }
      const worker = createSessions<Data, Env>({ keys: ({ env }) => env.SESSION_KEY, store: ({ env }) => kvStore(env.SESSIONS) });
      export const fetch: (request: Request, env: Env, context: { waitUntil(work: Promise<unknown>): void }) => Promise<Response> =
        worker.handler((request, { env, session }) => new Response(env.SESSION_KEY + session.get("visits")));
      const typedApp = new Hono<{ Bindings: Env; Variables: SessionVariables<Data> }>();
      typedApp.use(session(worker));
      typedApp.get("/", (c) => c.text(String(c.get("session").get("visits"))));
      typedApp.get("/", async (c) => c.json(await c.get("sessions").list("ada", { env: c.env })));
      export const fails = (error: unknown) => error instanceof SessionError && error.code === "store_failed";
      export { d1Store, kvStore, redisStore };`);
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({
      compilerOptions: {
        strict: true, exactOptionalPropertyTypes: true, noEmit: true, module: "nodenext", target: "es2022",
        lib: ["es2023", "dom", "dom.iterable"], types: [], skipLibCheck: false,
      },
      files: ["main.ts"],
    }));
    await writeFile(join(folder, "common.cts"), `
      import { createSessions, type Session } from "fastsession";
      import { Fernet } from "fastsession/fernet";
      import { session } from "fastsession/hono";
      import { commitTo } from "fastsession/node";
      import { provide } from "fastsession/slim";
      import { mapStore } from "fastsession/stores/map";
      const sessions = createSessions({ keys: Fernet.generateKey(), store: mapStore() });
      export = { middleware: session(sessions), commitTo, provide, load: (): Promise<Session> => sessions.load("") };`);
    const tsc = join(modules, "typescript/bin/tsc");
    try {
      node(folder, tsc, "-p", ".");
      node(folder, tsc, "--strict", "--noEmit", "--module", "nodenext", "--types", "", "--lib", "es2023,dom,dom.iterable", "--ignoreConfig", "common.cts");
    } catch (error) {
      throw new Error(error.stdout || error.message);
    }
  },
  async "Hono"() {
    const folder = await project("hono", ["hono"]);
    await writeFile(join(folder, "main.js"), `
      import { mapStore } from "fastsession";
      import { Fernet } from "fastsession/fernet";
      import { session } from "fastsession/hono";
      import { Hono } from "hono";
      let isBroken = false;
      const inner = mapStore();
      const store = { ...inner, get: (key) => { if (isBroken) throw new Error("down"); return inner.get(key); } };
      const app = new Hono();
      app.use(session({ keys: Fernet.generateKey(), store }));
      app.get("/", (c) => c.text(String(c.get("session").update("visits", (visits = 0) => visits + 1))));
      app.get("/fail", (c) => { c.get("session").insert("visits", 99); throw new Error("oops"); });
      app.onError((error, c) => c.text("failed", 500));
      const first = await app.request("/");
      const cookie = first.headers.get("Set-Cookie").split(";")[0];
      const headers = { cookie };
      const failed = await app.request("/fail", { headers });
      const second = await app.request("/", { headers });
      isBroken = true;
      const third = await app.request("/", { headers });
      const seen = [await first.text(), failed.status, await second.text(), third.status].join(" ");
      if (seen !== "1 500 2 503") throw new Error(seen);
      console.log("counted");`);
    counted(node(folder, "main.js"));
  },
  async "bundled for Node.js"() {
    const folder = await project("bundle");
    // One import only: a bundler must not leave out the module that nothing else asks for.
    const imports = 'import { createSessions, mapStore } from "fastsession";\n';
    const key = 'const Fernet = { generateKey: () => "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=" };';
    await writeFile(join(folder, "main.js"), imports + key + COUNT);
    await build({ entryPoints: [join(folder, "main.js")], bundle: true, format: "esm", platform: "node", outfile: join(folder, "out/main.mjs"), logLevel: "warning" });
    await rm(join(folder, "node_modules"), { recursive: true });
    counted(node(folder, "out/main.mjs"));
  },
  async "bundled for Workers, and its size"() {
    const folder = await project("worker");
    await writeFile(join(folder, "main.js"), `
      import { createSessions, kvStore } from "fastsession";
      const sessions = createSessions({ keys: ({ env }) => env.KEY, store: ({ env }) => kvStore(env.KV) });
      export default { fetch: sessions.handler((request, { session }) => new Response(session.get("name"))) };`);
    const { outputFiles } = await build({
      entryPoints: [join(folder, "main.js")], bundle: true, minify: true, format: "esm", target: "es2022", write: false,
      conditions: ["workerd", "worker", "browser"], external: ["*.wasm"], logLevel: "warning",
    });
    const [code] = outputFiles;
    if (code.text.includes("AGFzbQ")) throw new Error("the module is in the bundle as text");
    const wasm = await readFile(join(folder, "node_modules/fastsession/dist/fastsession.wasm"));
    const [forWasm, forCode] = [wasm, code.contents].map((bytes) => gzipSync(bytes, { level: 9 }).length);
    console.log(`a Worker ships ${forWasm} bytes of module and ${forCode} of script (gzip -9)`);
    if (forWasm + forCode > MOST_BYTES) throw new Error(`that is more than ${MOST_BYTES}`);
  },
  async "the README's code"() {
    const printed = await runReadme(README, project, modules);
    if (!printed.includes("blocks ran")) throw new Error(`it printed ${printed}`);
  },
  async "the README's tables"() {
    await checkTables(README, join(await project("tables"), "node_modules/fastsession"));
  },
  async "the Node.js that package.json asks for"() {
    const { engines } = JSON.parse(await readFile(new URL("../package.json", import.meta.url)));
    const least = Number(/^>=(\d+)$/.exec(engines.node)[1]);
    const [major] = process.versions.node.split(".").map(Number);
    if (major < least) throw new Error(`these tests ran in Node.js ${process.version}`);
    if (major > least) console.log(`package: not proven: that it runs in Node.js ${least}; this is ${process.version}`);
  },
  async "the tarball's contents"() {
    const names = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    for (const name of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "dist/index.js", "dist/index.d.ts", "dist/cjs/index.js", "dist/fastsession.wasm", "dist/fernet.wasm"]) {
      if (!names.includes(`package/${name}`)) throw new Error(`${name} is missing`);
    }
    const stray = names.filter((name) => !/^package\/(dist\/|README\.md$|LICENSE-MIT$|LICENSE-APACHE$|package\.json$)/.test(name));
    if (stray.length > 0) throw new Error(`it also has ${stray}`);
  },
  ...hosts({ project, counted, tarball, modules, IMPORTS, COUNT }),
};

let failed = 0;
for (const [name, test] of Object.entries(projects)) {
  if (named.length > 0 && !named.includes(name)) continue;
  try {
    await test();
    console.log(`package: ${name}: works`);
  } catch (error) {
    failed += 1;
    console.error(`package: ${name}: ${error.stderr || error.stack}`);
  }
}
await rm(root, { recursive: true, force: true });
if (failed > 0) process.exitCode = 1;
