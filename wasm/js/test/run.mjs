// Runs the suite in every runtime, or in those that are named: `node test/run.mjs [node|deno|bun|workerd|edge|browser]…`
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = `${here}../node_modules`;

/** A program that an npm package brings: the package for this machine, since none of their scripts is run. */
function program(scope, name) {
  const { platform, arch } = process;
  const cpu = { x64: ["x64"], arm64: ["arm64", "aarch64"] }[arch] ?? [arch];
  const folders = cpu.flatMap((cpu) => [`${scope}/${platform}-${cpu}-glibc`, `${scope}/${platform}-${cpu}`, `${scope}/${name}-${platform}-${cpu}`]);
  const files = folders.flatMap((folder) => [`${modules}/${folder}/${name}`, `${modules}/${folder}/bin/${name}`]);
  return files.find((file) => existsSync(file)) ?? name;
}

const commands = {
  node: [process.execPath, "runtimes/node.mjs"],
  deno: [program("@deno", "deno"), "run", "--unstable-kv", "--allow-all", "--node-modules-dir=manual", "--no-lock", "runtimes/deno.mjs"],
  bun: [program("@oven", "bun"), "run", "runtimes/bun.mjs"],
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
