// Node.js, with the published entry points; and the contract on the stores that it can reach.
import * as api from "fastsession";
import { Fernet } from "fastsession/fernet";
import { session } from "fastsession/hono";
import { commitTo } from "fastsession/node";
import * as stores from "fastsession/stores";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { createClient } from "redis";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import { contract } from "../contract.mjs";
import { engineTests } from "../engines.mjs";
import { equal, fails, run } from "../harness.mjs";
import { honoTests } from "../hono.mjs";
import { nodeResponseTests } from "../node-response.mjs";
import { suite } from "../suite.mjs";
import { startRedis } from "./redis.mjs";
import { report } from "./report.mjs";
import { startUpstash } from "./upstash.mjs";

const { mapStore, redisStore, unstorageStore, upstashStore } = stores;
// How the core's instance is replaced after a trap is no part of the API.
const { sessionsCore } = await import(new URL("../../dist/core/phases.js", import.meta.url));
const { fernetCore } = await import(new URL("../../dist/core/fernet.js", import.meta.url));
const trap = ["a trap is an error, and the next request works", async () => {
  const sessions = api.createSessions({ keys: Fernet.generateKey(), store: mapStore() });
  const fernet = new Fernet(Fernet.generateKey());
  const token = fernet.encrypt("before");
  const session = await sessions.load(null);
  session.insert("a", 1);
  for (const core of [sessionsCore, fernetCore]) {
    const before = core.instances;
    const trap = { get value() { throw new WebAssembly.RuntimeError("unreachable"); } };
    await fails(() => core.ask(2, 0, [trap]), "internal");
    core.instantiate();
    equal(core.instances, before + 1);
  }
  const [cookie] = await session.cookies();
  equal((await sessions.load(cookie.split(";")[0])).get("a"), 1);
  equal(fernet.decryptText(token), "before");
}];

// The memory of each instance that is made from here on; nothing was instantiated by the imports.
const memories = [];
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...made) {
    super(...made);
    memories.push(this.exports.memory);
  }
};
const short = ["Fernet objects that live for a moment take no memory that grows", async () => {
  const key = Fernet.generateKey();
  const make = (count) => {
    for (let at = 0; at < count; at++) new Fernet(at % 4 === 0 ? Fernet.generateKey() : key);
    return memories.at(-1).buffer.byteLength;
  };
  const before = make(2_000);
  equal(make(20_000), before, "bytes of WebAssembly memory");
}];

const tenants = ["tenants whose requests overlap take no memory that grows", async () => {
  const store = mapStore();
  const keys = Array.from({ length: 100 }, () => Fernet.generateKey());
  const sessions = api.createSessions({ keys: ({ env }) => env, store });
  const serve = async (rounds) => {
    for (let round = 0; round < rounds; round++) {
      const open = [];
      for (const env of keys) open.push(await sessions.load(null, { env }));
      for (const session of open) {
        session.insert("round", round);
        equal((await session.cookies()).length, 1);
      }
    }
    return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  };
  const before = await serve(2);
  equal(await serve(20), before, "bytes of WebAssembly memory");
}];

const realms = ["bytes of another realm are bytes, and what only says so is not", async () => {
  const sessions = api.createSessions({ keys: Fernet.generateKey(), store: mapStore() });
  const session = await sessions.load(null);
  const [bytes, numbers] = runInNewContext("[Uint8Array.of(1, 2, 3), Uint16Array.of(1)]");
  session.insert("bytes", { inner: bytes, own: Buffer.from([4]) });
  equal(session.get("bytes"), { inner: Uint8Array.of(1, 2, 3), own: Uint8Array.of(4) });
  await fails(() => session.insert("numbers", numbers), "invalid_value");
  class Forged { get [Symbol.toStringTag]() { return "Uint8Array"; } }
  await fails(() => session.insert("forged", new Forged()), "invalid_value");
  const fernet = new Fernet(Fernet.generateKey());
  equal(fernet.decrypt(fernet.encrypt(bytes)), Uint8Array.of(1, 2, 3));
}];

const serveHono = async (app) => {
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
};

const folder = await mkdtemp(join(tmpdir(), "fastsession-"));
const redis = await startRedis(join(folder, "redis"));
const client = await createClient({ socket: { path: redis.socket } }).connect();
const upstash = await startUpstash(client);
try {
  report("Node.js", await run([
    ...suite({ ...api, Fernet }),
    trap,
    short,
    tenants,
    ...nodeResponseTests({ ...api, commitTo, Fernet }),
    realms,
    ...engineTests({ ...api, Fernet, stores, createStorage }),
    ...honoTests({ ...api, session, Fernet, Hono, HTTPException, serve: serveHono }),
    ...contract("Map", () => mapStore()),
    ...contract("Redis", () => redisStore(client)),
    ...contract("Upstash", () => upstashStore({ url: upstash.url, token: "secret" })),
    ...contract("unstorage in memory", () => unstorageStore(createStorage()), { conditions: false }),
    ...contract("unstorage in files", () => unstorageStore(createStorage({ driver: fsDriver({ base: join(folder, "files") }) })), { conditions: false }),
  ]));
} finally {
  upstash.stop();
  client.destroy();
  await redis.stop();
  await rm(folder, { recursive: true });
}
