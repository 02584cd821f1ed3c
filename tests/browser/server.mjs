// The demo as a process of its own, in a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The folder of cargo's results. */
export const target = process.env.FASTSESSION_TEST_TARGET ?? new URL("../../target", import.meta.url).pathname;

/** Starts the demo on a free port; `url` is where. */
export async function startDemo() {
  const folder = await mkdtemp(join(tmpdir(), "fastsession-demo-"));
  let { url, process: child } = await run(folder, "0");
  return {
    url,
    /** Kills the process, as a power cut would, and starts it again at the same address. */
    async restart() {
      await end(child);
      ({ process: child } = await run(folder, new URL(url).port));
    },
    async stop() {
      await end(child);
      await rm(folder, { recursive: true });
    },
  };
}

async function run(folder, port) {
  // Nothing of the tester's own settings reaches the demo.
  const env = { PATH: process.env.PATH, PORT: port };
  const child = spawn(join(target, "debug/fastsession-demo"), { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const failed = once(child, "exit").then(([code]) => Promise.reject(new Error(`the demo ended with ${code}`)));
  failed.catch(() => {});
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), failed]);
  return { url: line.replace("listening on ", "") + "/", process: child };
}

async function end(child) {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
