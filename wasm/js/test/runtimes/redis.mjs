// A Redis server of the tests' own, on a socket.
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";

/** Starts a server whose files lie in `folder`; on a port as well, if one is given. */
export async function startRedis(folder, port = 0) {
  await mkdir(folder, { recursive: true });
  const socket = join(folder, "redis.sock");
  const server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--unixsocket", socket, "--dir", folder, "--save", "", "--appendonly", "no"]);
  let log = "";
  await new Promise((resolve, reject) => {
    server.stdout.on("data", (text) => {
      log += text;
      if (log.includes("ready to accept connections")) resolve();
    });
    server.on("error", reject);
    server.on("exit", () => reject(new Error(`redis-server ended: ${log}`)));
  });
  server.removeAllListeners("exit");
  return {
    socket,
    async stop() {
      const ended = once(server, "exit");
      server.kill();
      await ended;
    },
  };
}
