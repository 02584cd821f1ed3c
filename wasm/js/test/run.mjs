// Runs the suite in every runtime, or in those that are named: `node test/run.mjs [node|deno|bun|workerd|edge|browser]…`
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bun, deno } from "./programs.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const commands = {
  node: [process.execPath, "runtimes/node.mjs"],
  deno: [deno, "run", "--unstable-kv", "--allow-all", "--node-modules-dir=manual", "--no-lock", "runtimes/deno.mjs"],
  bun: [bun, "run", "runtimes/bun.mjs"],
  workerd: [process.execPath, "runtimes/workerd.mjs"],
  edge: [process.execPath, "runtimes/edge.mjs"],
  browser: [process.execPath, "runtimes/browser.mjs"],
};

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : Object.keys(commands)) {
  const [command, ...args] = commands[name];
  const { status, error } = spawnSync(command, args, { cwd: here, stdio: "inherit", env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" } });
  if (error !== undefined) console.error(`${name}: ${error.message}`);
  if (status !== 0) process.exitCode = 1;
}
