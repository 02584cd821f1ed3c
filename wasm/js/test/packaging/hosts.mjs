// Projects that are built or run by something else than Node.js.
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { Miniflare } from "miniflare";
import { chromium } from "playwright-core";
import * as programs from "../programs.mjs";

/** The projects, of what all projects share. */
export function hosts({ project, counted, tarball, modules, IMPORTS, COUNT }) {
  const run = (folder, program, ...args) =>
    execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env: quiet(folder) });

  return {
    async "npm install"() {
      const folder = await project("npm", [], false);
      await writeFile(join(folder, "main.js"), IMPORTS + COUNT);
      // Nothing else is installed, so nothing has to be fetched.
      run(folder, "npm", "install", "--offline", "--no-audit", "--no-fund", tarball);
      counted(run(folder, process.execPath, "main.js"));
    },

    async "node:http, as Express has it"() {
      const folder = await project("express");
      await writeFile(join(folder, "main.js"), `
        import { createServer } from "node:http";
        ${IMPORTS}
        const sessions = createSessions({ keys: Fernet.generateKey(), store: mapStore() });
        const server = createServer(async (request, response) => {
          try {
            const session = await sessions.load(request.headers.cookie, { strict: true });
            const visits = session.update("visits", (visits = 0) => visits + 1);
            response.setHeader("Set-Cookie", "other=1");
            for (const cookie of await session.cookies()) response.appendHeader("Set-Cookie", cookie);
            response.end(String(visits));
          } catch (error) {
            response.writeHead(error.status ?? 500).end(error.code);
          }
        }).listen(0, "127.0.0.1", async () => {
          const visit = (cookie) => fetch("http://127.0.0.1:" + server.address().port, { headers: { cookie } });
          const first = await visit("unrelated=1");
          const cookies = first.headers.getSetCookie();
          const cookie = "unrelated=1; " + cookies[1].split(";")[0];
          const [second, third, forged] = [await visit(cookie), await visit(cookie), await visit("__Host-session=forged")];
          const seen = [cookies[0], await first.text(), await second.text(), second.headers.getSetCookie().length, await third.text(), forged.status, await forged.text()];
          console.log(seen.join(" ") === "other=1 1 2 1 3 400 bad_cookie" ? "counted" : seen.join(" "));
          server.close();
          server.closeAllConnections();
        });`);
      counted(run(folder, process.execPath, "main.js"));
    },

    async "Vite, in a browser"() {
      const folder = await project("vite", ["vite"]);
      await writeFile(join(folder, "main.js"), `${IMPORTS}async function main() {${COUNT}}\nmain();\n`);
      await writeFile(join(folder, "index.html"), '<!doctype html><title>fastsession</title><script type="module" src="/main.js"></script>');
      run(folder, process.execPath, join(modules, "vite/bin/vite.js"), "build", "--logLevel", "warn");
      counted(await inBrowser(join(folder, "dist")));
    },

    async "Vite, for a server"() {
      const folder = await project("vite-server", ["vite"]);
      await writeFile(join(folder, "main.js"), IMPORTS + COUNT);
      const settings = "export default { build: { ssr: 'main.js' }, ssr: { noExternal: true } };";
      await writeFile(join(folder, "vite.config.js"), settings);
      run(folder, process.execPath, join(modules, "vite/bin/vite.js"), "build", "--logLevel", "warn");
      const built = join(folder, "dist/main.js");
      if (/from\s*"fastsession/.test(await readFile(built, "utf8"))) throw new Error("the package is not in the bundle");
      counted(run(folder, process.execPath, built));
    },

    async "wrangler, in workerd"() {
      const folder = await project("wrangler", ["wrangler"]);
      await writeFile(join(folder, "main.js"), `
        import { createSessions, kvStore } from "fastsession";
        const sessions = createSessions({ keys: ({ env }) => env.SESSION_KEY, store: ({ env }) => kvStore(env.SESSIONS) });
        export default {
          fetch: sessions.handler((request, { session }) => new Response(session.update("visits", (visits = 0) => visits + 1))),
        };`);
      const bindings = { kv_namespaces: [{ binding: "SESSIONS", id: "sessions" }] };
      await writeFile(join(folder, "wrangler.json"), JSON.stringify({ name: "visits", main: "main.js", compatibility_date: "2025-01-01", ...bindings }));
      run(folder, process.execPath, join(modules, "wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--outdir", "out");
      counted(await inWorkerd(join(folder, "out")));
    },

    async "Deno"() {
      const folder = await project("deno");
      await writeFile(join(folder, "main.js"), IMPORTS + COUNT);
      // Without a single permission: the package reads, fetches and asks the environment for nothing.
      counted(run(folder, programs.deno, "run", "--no-prompt", "--no-lock", "--node-modules-dir=manual", "main.js"));
    },

    async "Deno, npm: specifiers"() {
      const folder = await project("deno-npm");
      const manifest = { type: "module", private: true, dependencies: { fastsession: "*" } };
      await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
      await writeFile(join(folder, "main.js"), (IMPORTS + COUNT).replaceAll('from "fastsession', 'from "npm:fastsession'));
      counted(run(folder, programs.deno, "run", "--no-prompt", "--no-lock", "--node-modules-dir=manual", "main.js"));
    },

    async "Bun"() {
      const folder = await project("bun");
      await writeFile(join(folder, "main.ts"), IMPORTS + COUNT);
      counted(run(folder, programs.bun, "run", "main.ts"));
    },

    async "Bun, bundled"() {
      const folder = await project("bun-bundle");
      await writeFile(join(folder, "main.ts"), IMPORTS + COUNT);
      run(folder, programs.bun, "build", "main.ts", "--target=bun", "--outfile=out/main.js");
      counted(run(join(folder, "out"), programs.bun, "run", "main.js"));
    },
  };
}

/** No tool asks the network for news, or writes into the home of whoever runs the tests. */
function quiet(folder) {
  return {
    ...process.env, HOME: folder, XDG_CONFIG_HOME: join(folder, ".config"), CI: "1", NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1",
    WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(folder, "logs"), npm_config_update_notifier: "false",
  };
}

/** What the page of a built site says on the console. */
async function inBrowser(folder) {
  const types = { ".html": "text/html", ".js": "text/javascript" };
  const server = createServer(async (request, response) => {
    const path = request.url === "/" ? "/index.html" : request.url;
    const content = await readFile(join(folder, path)).catch(() => undefined);
    response.writeHead(content === undefined ? 404 : 200, { "Content-Type": types[extname(path)] ?? "text/plain" });
    response.end(content);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const browser = await chromium.launch({ executablePath: programs.chromium, headless: true, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    const said = [];
    const isSaid = new Promise((resolve) => {
      page.on("console", (message) => resolve(said.push(message.text())));
      page.on("pageerror", (error) => resolve(said.push(error.stack)));
      setTimeout(resolve, 20_000).unref();
    });
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await isSaid;
    return said.join("\n");
  } finally {
    await browser.close();
    server.close();
  }
}

/** What a Worker as wrangler would deploy it says of its visits. */
async function inWorkerd(folder) {
  const files = await readdir(folder);
  if (files.filter((name) => name.endsWith(".wasm")).length !== 1) throw new Error(`wrangler made ${files}: no module of its own`);
  const worker = new Miniflare({
    modules: true,
    modulesRoot: folder,
    scriptPath: join(folder, "main.js"),
    modulesRules: [{ type: "ESModule", include: ["**/*.js"] }, { type: "CompiledWasm", include: ["**/*.wasm"] }],
    compatibilityDate: "2025-01-01",
    kvNamespaces: ["SESSIONS"],
    bindings: { SESSION_KEY: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=" },
  });
  try {
    let cookie = "";
    for (const expected of ["1", "2"]) {
      const response = await worker.dispatchFetch("http://localhost/", { headers: { cookie } });
      const text = await response.text();
      if (text !== expected) return `visit ${expected} was counted as ${text}`;
      cookie = response.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    }
    return "counted";
  } finally {
    await worker.dispose();
  }
}
