// Ready stores whose engine is missing or answers something strange.
import { readFileSync } from "node:fs";
import { equal, fails, ok } from "./harness.mjs";

/** The tests, for what `fastsession` and `fastsession/stores` export. */
export function engineTests({ createSessions, Fernet, stores, createStorage }) {
  const refused = async (work, ...parts) => {
    const error = await fails(work, "invalid_config");
    for (const part of parts) ok(error.message.includes(part), error.message);
  };
  return [
    ["a ready store without its engine is refused when it is made", async () => {
      for (const [name, ...parts] of [
        ["d1Store", "D1", "binding"], ["durableObjectStore", "Durable Object", "binding"], ["kvStore", "Workers KV", "binding"],
        ["redisStore", "package redis", "connect"], ["denoKvStore", "Deno.openKv"], ["unstorageStore", "createStorage"],
      ]) {
        for (const engine of [undefined, null, {}, 5]) await refused(() => stores[name](engine), name, ...parts);
      }
      await refused(() => stores.upstashStore({ url: undefined, token: "secret" }), "url");
      await refused(() => stores.upstashStore({ url: "redis://host", token: "secret" }), "url", "REST");
      const error = await fails(() => stores.upstashStore({ url: "https://host", token: "" }), "invalid_config");
      ok(error.message.includes("token"), error.message);
    }],

    ["an answer that is not Upstash's is an error that says so", async () => {
      for (const [status, body, ...parts] of [
        [502, "<html>Bad gateway</html>", "502", "no JSON"], [200, "<html>Welcome</html>", "200", "no JSON"], [200, "5", "200"],
        [401, '{"error":"WRONGPASS"}', "401", "WRONGPASS"], [500, "{}", "500", "no reason"], [204, null, "204", "no JSON"],
      ]) {
        const fetch = async () => new Response(body, { status });
        const store = stores.upstashStore({ url: "https://host", token: "secret", fetch });
        const error = await store.get("key").then(() => undefined, (error) => error);
        ok(error instanceof Error && !(error instanceof SyntaxError), `${status}: ${error}`);
        for (const part of parts) ok(error.message.includes(part), error.message);
        equal(error.message.includes("secret"), false);
      }
    }],

    ["the scripts in Redis are those of the Rust package", async () => {
      const rust = readFileSync(new URL("../../../native/src/store/redis/scripts.rs", import.meta.url), "utf8");
      const script = new URL("../src/stores/redis-layout.ts", import.meta.url);
      const own = [...readFileSync(script, "utf8").matchAll(/export const ([A-Z]+) = `(.*?)`;/gs)];
      equal(own.map(([, name]) => name), ["PUT", "DELETE", "LIST", "END"]);
      for (const [, name, text] of own) ok(rust.includes(`const ${name}: &str = r"${text}";`), name);
    }],

    ["a Redis client that gives text is told of by its version", async () => {
      const store = stores.redisStore({ sendCommand: async () => "fsr1..." });
      const error = await store.get("key").then(() => undefined, (error) => error);
      ok(error.message.includes("version 5"), error.message);
    }],

    ["unstorage: nothing is left of sessions that were ended or are over", async () => {
      const storage = createStorage();
      const store = stores.unstorageStore(storage);
      const left = async () => (await storage.getKeys("")).length;
      const sessions = createSessions({ keys: Fernet.generateKey(), store });
      const browser = async (work, cookie = "") => {
        const session = await sessions.load(cookie);
        work(session);
        return (await session.cookies()).map((line) => line.split(";")[0])[0];
      };
      let cookie = await browser((session) => session.signIn("eve"));
      equal([await left(), (await sessions.list("eve")).length], [2, 1]);
      cookie = await browser((session) => session.signIn("ada"), cookie);
      equal([await left(), await sessions.list("eve"), (await sessions.list("ada")).length], [2, [], 1]);
      await browser((session) => session.destroy(), cookie);
      equal(await left(), 0);
      cookie = await browser((session) => session.signIn("eve"));
      equal([await sessions.endAll("eve"), await left()], [1, 0]);
      const soon = createSessions({ keys: Fernet.generateKey(), store, idleTimeout: 1, absoluteTimeout: 1, clock: () => Math.floor(Date.now() / 1000) - 600 });
      for (const user of ["ada", "eve", "bob"]) {
        const session = await soon.load("");
        session.signIn(user);
        await session.cookies();
      }
      await browser((session) => session.signIn("ada"));
      equal([await left(), await store.purgeExpired(), await left(), await store.purgeExpired()], [8, 6, 2, 0]);
    }],

    ["unstorage: a record that moves to another owner leaves the list of the first", async () => {
      const storage = createStorage();
      const store = stores.unstorageStore(storage);
      const [key, one, other] = ["k", "a", "b"].map((letter) => letter.repeat(64));
      const put = (owner, isNew) => store.put(key, new Uint8Array(40), {
        expiresAt: 4_000_000_000, ttl: 600, condition: { kind: "any" },
        filing: { owner, entry: new Uint8Array(9), isNew, until: 4_000_000_000 },
      });
      await put(one, true);
      await put(one, false);
      await put(other, true);
      equal([await store.list(one), (await store.list(other)).length, (await storage.getKeys("")).length], [[], 1, 2]);
    }],
  ];
}
