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

    ["Deno KV: several saves of a request meet no conflict that is none", async () => {
      const events = [];
      const store = stores.denoKvStore(denoKv());
      const sessions = createSessions({ keys: Fernet.generateKey(), store, onEvent: ({ kind }) => events.push(kind) });
      const first = await sessions.load("");
      first.signIn("ada");
      const [line] = await first.cookies();
      const session = await sessions.load(line.split(";")[0]);
      let runs = 0;
      for (let save = 0; save < 3; save++) {
        session.update("saves", (saves = 0) => (runs += 1, saves + 1));
        await session.save();
      }
      equal([runs, session.get("saves"), events], [3, 3, ["created", "stored", "stored", "stored"]]);
      // One that is real is met still.
      const other = await sessions.load(line.split(";")[0]);
      other.update("saves", (saves = 0) => saves + 1);
      await other.cookies();
      session.update("saves", (saves = 0) => saves + 1);
      await session.save();
      equal([session.get("saves"), events.slice(4)], [5, ["stored", "merged", "stored"]]);
    }],

    ["Durable Objects: a session that was ended costs its owner's list nothing", async () => {
      const objects = durableObjects(stores.SessionObject);
      const store = stores.durableObjectStore(objects);
      const sessions = createSessions({ keys: Fernet.generateKey(), store });
      const cookie = async (session) => (await session.cookies())[0].split(";")[0];
      for (let round = 0; round < 100; round++) {
        const session = await sessions.load("");
        session.signIn("ada");
        const signedIn = await sessions.load(await cookie(session));
        if (round % 2 === 0) signedIn.destroy();
        else signedIn.signIn("eve");
        const next = await sessions.load(await cookie(signedIn));
        next.destroy();
        await next.cookies();
      }
      const last = await sessions.load("");
      last.signIn("ada");
      await last.cookies();
      objects.calls = 0;
      equal([(await sessions.list("ada")).length, await sessions.list("eve"), objects.calls], [1, [], 3]);
      equal([await sessions.endAll("ada"), await sessions.list("ada")], [1, []]);
      objects.calls = 0;
      equal([await sessions.list("ada"), objects.calls], [[], 1]);
    }],

    ["Durable Objects: a list forgets whose record is gone, but none whose record may be on its way", async () => {
      const objects = durableObjects(stores.SessionObject);
      const store = stores.durableObjectStore(objects);
      const { now } = Date;
      const [owner, other] = ["a", "b"].map((letter) => letter.repeat(64));
      const calls = async (work) => {
        objects.calls = 0;
        return [(await work()).length, objects.calls];
      };
      const put = (key, owner, seconds, condition = { kind: "any" }) => store.put(key, new Uint8Array(40), {
        expiresAt: Math.floor(now() / 1000) + seconds, ttl: seconds, condition,
        filing: { owner, entry: new Uint8Array(9), isNew: true, until: 4_000_000_000 },
      });
      await put("over", owner, 600);
      await put("alive", owner, 90_000);
      equal(await put("late", owner, 600, { kind: "matches", tag: new Uint8Array(32).fill(1), version: undefined }), false);
      equal(await calls(() => store.list(owner)), [2, 4]);
      equal(await calls(() => store.list(owner)), [2, 4]);
      try {
        Date.now = () => now() + 4_000_000;
        equal(await calls(() => store.list(owner)), [1, 5]);
        equal(await calls(() => store.list(owner)), [1, 2]);
        await put("alive", other, 90_000);
        equal([await calls(() => store.list(owner)), await calls(() => store.list(other))], [[0, 1], [1, 2]]);
      } finally {
        Date.now = now;
      }
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

    ["unstorage: a purge leaves what others keep under its base", async () => {
      const storage = createStorage();
      const store = stores.unstorageStore(storage);
      const theirs = { "fastsession:a": "text", "fastsession:record:b": 5, "fastsession:z:note": new Uint8Array(100), "fastsession:empty": "" };
      for (const [name, value] of Object.entries(theirs)) await storage.setItemRaw(name, value);
      const options = { expiresAt: 1, ttl: 1, condition: { kind: "any" }, filing: undefined };
      await store.put("c".repeat(64), new Uint8Array(40), options);
      await store.put("d".repeat(64), new Uint8Array(40), { ...options, expiresAt: 4_000_000_000 });
      equal([await store.purgeExpired(), await store.purgeExpired()], [1, 0]);
      equal((await storage.getKeys("")).length, 5);
      // Where a record should be it is an error, and no session that is not there.
      const error = await Promise.resolve(store.get("b")).then(() => undefined, (error) => error);
      ok(error.message.includes("driver"), error.message);
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

/** Deno KV in memory, as far as the store uses it. */
function denoKv() {
  const entries = new Map();
  const name = (key) => key.join("/");
  const versionOf = (key) => entries.get(name(key))?.versionstamp ?? null;
  let version = 0;
  return {
    get: async (key) => entries.get(name(key)) ?? { value: null, versionstamp: null },
    async *list({ prefix }) {
      for (const [key, { value }] of entries) if (key.startsWith(`${name(prefix)}/`)) yield { key: key.split("/"), value };
    },
    atomic() {
      const [checks, writes] = [[], []];
      const atomic = {
        check: (check) => (checks.push(check), atomic),
        set: (key, value) => (writes.push(() => entries.set(name(key), { value, versionstamp: String(++version) })), atomic),
        delete: (key) => (writes.push(() => entries.delete(name(key))), atomic),
        async commit() {
          const isRight = checks.every(({ key, versionstamp }) => versionOf(key) === versionstamp);
          if (isRight) for (const write of writes) write();
          return { ok: isRight };
        },
      };
      return atomic;
    },
  };
}

/** Durable Objects in memory, which count the calls. */
function durableObjects(SessionObject) {
  const objects = new Map();
  const storage = () => {
    const kept = new Map();
    return {
      get: async (key) => kept.get(key),
      put: async (entries) => Object.entries(entries).forEach(([key, value]) => kept.set(key, value)),
      list: async ({ prefix }) => new Map([...kept].filter(([key]) => key.startsWith(prefix))),
      delete: async (keys) => keys.filter((key) => kept.delete(key)).length,
      deleteAll: async () => kept.clear(),
      getAlarm: async () => null,
      setAlarm: async () => undefined,
      deleteAlarm: async () => undefined,
    };
  };
  return {
    calls: 0,
    idFromName: (name) => name,
    get(name) {
      if (!objects.has(name)) objects.set(name, new SessionObject({ storage: storage(), blockConcurrencyWhile: (work) => work() }));
      return {
        fetch: async (url, init) => {
          this.calls += 1;
          return await objects.get(name).fetch(new Request(url, init));
        },
      };
    },
  };
}
