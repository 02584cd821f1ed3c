// One session at two hosts: starts Redis, the Rust server and the edge function. `node examples/shared/run.mjs`, after `cargo xtask wasm`.
// PORT and EDGE_PORT say where the two are (8080 and 8788 unless set; 0 is a free port), REDIS_URL names a Redis that runs already.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const packageFolder = new URL("../../wasm/js/", import.meta.url);
const { build } = createRequire(new URL("package.json", packageFolder))("esbuild");
const { Fernet } = await import(new URL("dist/fernet.js", packageFolder));
const { deno } = await import(new URL("test/programs.mjs", packageFolder));

const folder = await mkdtemp(join(tmpdir(), "fastsession-shared-"));
const children = [];
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop(0));
try {
  const url = process.env.REDIS_URL ?? (await redis());
  const key = process.env.FASTSESSION_KEY ?? Fernet.generateKey();
  const server = await rustServer(url, key);
  const edge = await edgeFunction(url, key, server);
  console.log(`Sign in at the Rust server, ${server}, then visit the edge function, ${edge}`);
} catch (error) {
  await stop(1, error.message);
}

async function redis() {
  const port = await freePort();
  start("redis-server", ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", ""], {}, "ignore");
  await answers(port);
  return `redis://127.0.0.1:${port}`;
}

async function rustServer(url, key) {
  const program = process.env.FASTSESSION_DEMO;
  const [command, args] = program ? [program, []] : ["cargo", ["run", "--release", "-p", "fastsession-demo", "--features", "redis"]];
  const { PORT = "8080" } = process.env;
  const server = start(command, args, { PORT, FASTSESSION_STORE: url, FASTSESSION_KEY: key }, "pipe");
  const [line] = await once(server.stdout, "data");
  return /http\S+/.exec(String(line))[0];
}

async function edgeFunction(url, key, server) {
  const file = (path) => fileURLToPath(new URL(path, packageFolder));
  await build({
    entryPoints: [fileURLToPath(new URL("edge.js", import.meta.url))],
    outfile: join(folder, "edge.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    // The client of Redis is CommonJS.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    nodePaths: [file("node_modules")],
    alias: { "fastsession": file("dist/index.js"), "fastsession/stores": file("dist/stores/index.js") },
    logLevel: "warning",
  });
  const port = Number(process.env.EDGE_PORT ?? 8788) || (await freePort());
  const args = ["serve", "--quiet", "--no-lock", "--allow-net", "--allow-env", "--host", "127.0.0.1", "--port", port, "edge.mjs"];
  start(deno, args, { REDIS_URL: url, SESSION_KEY: key, SERVER: server, DENO_NO_UPDATE_CHECK: "1" }, "ignore", folder);
  await answers(port);
  return `http://127.0.0.1:${port}`;
}

/** Starts a program; if it ends before it is told to, everything does. */
function start(command, args, environment, stdout, cwd = root) {
  const child = spawn(command, args.map(String), { cwd, env: { ...process.env, ...environment }, stdio: ["ignore", stdout, "inherit"] });
  children.push(child);
  child.once("error", (error) => stop(1, `${command} cannot be run: ${error.message}`));
  child.once("exit", () => stop(1, `${command} has ended`));
  return child;
}

async function stop(code, complaint) {
  if (stop.isStopping) return;
  stop.isStopping = true;
  if (complaint) console.error(complaint);
  // Redis is the last to go, after those that use it.
  for (const child of children.reverse()) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    child.kill();
    // Servers wait for their browsers to hang up, which may take for ever.
    const kill = setTimeout(() => child.kill("SIGKILL"), 2_000);
    await ended;
    clearTimeout(kill);
  }
  await rm(folder, { recursive: true, force: true });
  process.exit(code);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until something listens on `port`. */
async function answers(port) {
  for (const end = Date.now() + 30_000; Date.now() < end && !stop.isStopping; ) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([once(socket, "connect").then(() => true), once(socket, "error").then(() => false)]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
