// The README's code: every block is a file that says its name; each is type-checked and run against the packed package.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { transform } from "esbuild";
import { startRedis } from "../runtimes/redis.mjs";

/** What the blocks import besides the package. */
const LINKS = ["hono", "express", "redis", "@types/node", "@types/express"];
/** Strict for those in TypeScript, as far as types can be inferred for those in JavaScript. */
const CHECKS = [[/\.ts$/, { strict: true, exactOptionalPropertyTypes: true }], [/\.js$/, { allowJs: true, checkJs: true, strict: false }]];

/** The blocks of the README at `address`, by their names. */
export async function blocks(address) {
  const found = new Map();
  for (const [, language, code] of (await readFile(address, "utf8")).matchAll(/^```(\w+)\n([^]*?)^```/gm)) {
    const name = /^\/\/ (\w+\.(js|ts))\b/.exec(code)?.[1];
    if (name === undefined || !name.endsWith(language)) throw new Error(`a block says no name, or another's:\n${code}`);
    found.set(name, code);
  }
  return found;
}

/** Checks and runs them all in a folder that `project` makes. */
export async function runReadme(address, project, modules) {
  const folder = await project("readme", LINKS);
  const found = await blocks(address);
  for (const [name, code] of found) await writeFile(join(folder, name), code);
  for (const [kind, options] of CHECKS) {
    const compilerOptions = {
      ...options, noEmit: true, module: "nodenext", target: "es2022", skipLibCheck: true,
      lib: ["es2023", "dom", "dom.iterable"], types: ["node"],
    };
    const files = [...found.keys()].filter((name) => kind.test(name));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    run(folder, [join(modules, "typescript/bin/tsc"), "-p", "."]);
  }
  for (const [name, code] of found) {
    await rm(join(folder, name));
    const made = await transform(code, { loader: name.slice(-2), target: "es2022" });
    await writeFile(join(folder, name.replace(/\w+$/, "mjs")), made.code);
  }
  for (const name of ["readme/drive.mjs", "harness.mjs", "contract.mjs", "browser-like.mjs"]) {
    await copyFile(new URL(`../${name}`, import.meta.url), join(folder, name.replace(/^.*\//, "")));
  }
  const [port, redisPort] = [await freePort(), await freePort()];
  const redis = await startRedis(join(folder, "redis"), redisPort);
  try {
    const env = { ...process.env, PORT: port, REDIS_URL: `redis://127.0.0.1:${redisPort}`, SESSION_KEY: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=" };
    return run(folder, ["drive.mjs", ...found.keys()], env);
  } finally {
    await redis.stop();
  }
}

function run(cwd, args, env = process.env) {
  try {
    return execFileSync(process.execPath, args, { cwd, env, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new Error(`${error.stdout}${error.stderr}`);
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
