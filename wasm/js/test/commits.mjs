// What a commit does that fails, comes twice, or comes too late.
import { equal, fails, ok } from "./harness.mjs";

/** A store that fails, while `fault.of` names an operation. */
function faulty(inner, fault) {
  const may = (operation) => {
    if (fault.of === operation) throw new Error("down");
  };
  return {
    ...inner,
    put: (...all) => (may("put"), inner.put(...all)),
    delete: (...all) => (may("delete"), inner.delete(...all)),
  };
}

/** A request with this cookie: no script in a browser can make a real one. */
function asking(cookie) {
  return { headers: { get: () => cookie } };
}

/** What can be waited for until it is opened. */
function gate() {
  let open;
  const opened = new Promise((done) => (open = done));
  return { opened, open };
}

export function commits({ make, visitor, count, mapStore }) {
  const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
  return [
    ["a commit that failed does not succeed the second time", async () => {
      const fault = { of: "put" };
      const one = visitor({ store: faulty(mapStore(), fault) });
      const session = await one.session();
      count(session);
      await fails(() => session.commit(new Response("saved")), "store_failed");
      fault.of = "";
      await fails(() => session.commit(new Response("saved")), "store_failed");
      await fails(() => session.insert("a", 1), "store_failed");
      await fails(() => session.save(), "store_failed");
      await session.reload();
      equal(session.get("visits"), undefined);
    }],

    ["a handler that swallows a failing save does not answer as if all were well", async () => {
      const fault = { of: "put" };
      const handler = make({ store: faulty(mapStore(), fault) }).handler(async (_, { session }) => {
        session.insert("a", 1);
        await session.save().catch(() => undefined);
        return new Response("saved");
      });
      const { error } = console;
      console.error = () => undefined;
      try {
        equal((await handler(new Request("https://example.org/"))).status, 503);
      } finally {
        console.error = error;
      }
    }],

    ["what is too large is refused at once, and the session can be used on", async () => {
      const one = visitor();
      const session = await one.session();
      session.insert("a", "b");
      await fails(() => session.insert("large", "x".repeat(66_000)), "too_large");
      for (let index = 0; index < 7; index++) session.insert(`key ${index}`, "x".repeat(9_000));
      await fails(() => session.insert("key 7", "x".repeat(9_000)), "too_large");
      session.remove("key 3");
      session.insert("key 7", "x".repeat(9_000));
      one.take(await session.cookies());
      equal((await one.session()).keys().length, 8);
    }],

    ["twenty thousand changes of a key take little", async () => {
      const one = visitor();
      const session = await one.session();
      const start = Date.now();
      for (let index = 0; index < 20_000; index++) session.insert("a", "x".repeat(100) + index);
      one.take(await session.cookies());
      equal((await one.session()).get("a"), "x".repeat(100) + 19_999);
      ok(Date.now() - start < 5_000, "under five seconds");
    }],

    ["what changed nothing is not done again to what another request stores", async () => {
      for (const change of ["clear", "remove", "take"]) {
        const one = visitor();
        await one.visit((session) => session.signIn("ada"));
        const stream = await one.session();
        stream[change]("cart");
        await stream.save();
        await one.visit((session) => session.insert("cart", ["apple"]));
        stream.insert("other", 1);
        await stream.save();
        const session = await one.session();
        equal([session.get("cart"), session.get("other")], [["apple"], 1], change);
      }
    }],

    ["a new id lives on whose old record is marked as ended and cannot be deleted", async () => {
      const fault = { of: "" };
      const one = visitor({ store: faulty(mapStore(), fault), placement: "both" });
      await one.visit((session) => session.insert("cart", 1));
      const thief = one.copy();
      fault.of = "delete";
      await one.visit((session) => session.signIn("ada"));
      const session = await one.session();
      equal([session.owner, session.get("cart")], ["ada", 1]);
      equal((await thief.session()).reason, "missing");
    }],

    ["two commits at once are one", async () => {
      const one = visitor();
      const session = await one.session();
      count(session);
      const both = await Promise.all([session.cookies(), session.cookies()]);
      equal(both.map((cookies) => cookies.length), [1, 0]);
      one.take(both[0]);
      equal((await one.session()).get("visits"), 1);
    }],

    ["what changes after a reload is committed too, or refused", async () => {
      const one = visitor();
      await one.visit(count);
      const session = await one.session();
      await session.cookies();
      await session.reload();
      count(session);
      equal(await session.cookies(), []);
      equal((await one.session()).get("visits"), 2);
      await session.reload();
      session.signIn("ada");
      await fails(() => session.cookies(), "response_sent");
    }],

    ["a reload drops what was not saved, and loses nothing else, wherever sessions are kept", async () => {
      for (const placement of ["store", "both", "cookie"]) {
        const one = visitor({ placement });
        await one.visit((session) => (session.signIn("ada"), count(session)));
        const session = await one.session();
        count(session);
        await session.reload();
        const facts = () => [placement, session.reason, session.get("visits")];
        equal(facts(), [placement, undefined, 1]);
        count(session);
        await session.save();
        session.insert("visits", 9);
        await session.reload();
        equal(facts(), [placement, undefined, 2]);
        one.take(await session.cookies());
        if (placement === "cookie") {
          await fails(() => session.reload(), "response_sent");
          await fails(() => count(session), "committed");
        } else {
          await one.visit(count);
          await session.reload();
          equal(facts(), [placement, undefined, 3]);
        }
        const next = await one.session();
        equal([next.owner, next.get("visits")], ["ada", placement === "cookie" ? 2 : 3]);
      }
    }],

    ["a session that is destroyed while it is read again stays destroyed", async () => {
      const store = mapStore();
      let onRead = () => undefined;
      const one = visitor({ store: { ...store, get: async (key) => (onRead(), await store.get(key)) } });
      await one.visit(count);
      const thief = one.copy();
      const session = await one.session();
      onRead = () => session.destroy();
      const reloading = session.reload();
      await fails(() => reloading, "destroyed");
      onRead = () => undefined;
      one.take(await session.cookies());
      equal([one.cookies.size, store.size, (await thief.session()).reason], [0, 0, "missing"]);
    }],

    ["what is saved while the session is read again is not undone by that", async () => {
      const store = mapStore();
      const held = { get: undefined, put: undefined };
      // Answers what was there when it was asked.
      const waits = (name) => async (...all) => {
        const answer = store[name](...all);
        await held[name];
        return answer;
      };
      for (const change of ["insert", "destroy"]) {
        const one = visitor({ store: { ...store, get: waits("get"), put: waits("put") } });
        await one.visit(count);
        const session = await one.session();
        await session.cookies();
        await session.reload();
        const [get, put] = [gate(), gate()];
        held.get = get.opened;
        const reloads = session.reload().then(() => {
          if (change === "insert") session.insert("b", 2);
          else session.destroy();
          return session.save();
        });
        held.put = put.opened;
        session.insert("a", 1);
        const saves = session.save();
        get.open();
        await new Promise((done) => setTimeout(done));
        put.open();
        await Promise.all([saves, reloads]);
        const next = await one.session();
        equal([next.reason, next.values()], change === "insert" ? [undefined, { visits: 1, a: 1, b: 2 }] : ["missing", {}]);
        held.get = held.put = undefined;
      }
    }],

    ["a session that is read again while its response is committed is not open any more", async () => {
      const store = mapStore();
      let held;
      const get = async (key) => {
        const answer = store.get(key);
        await held;
        return answer;
      };
      const one = visitor({ store: { ...store, get } });
      await one.visit(count);
      const session = await one.session();
      const { opened, open } = gate();
      held = opened;
      const reloads = session.reload();
      await session.cookies();
      open();
      await reloads;
      session.rotate();
      await fails(() => session.save(), "response_sent");
      equal((await one.session()).get("visits"), 1);
    }],

    ["a response waits for a save that nobody waits for", async () => {
      const one = visitor();
      await one.visit(count);
      const session = await one.session();
      session.rotate();
      const saves = session.save();
      one.take(await session.cookies());
      await saves;
      equal((await one.session()).get("visits"), 1);
    }],

    ["a destroyed session that was saved stays destroyed, and its cookie is removed", async () => {
      const one = visitor();
      await one.visit(count);
      const session = await one.session();
      session.destroy();
      await session.save();
      equal(session.isDestroyed, true);
      await fails(() => session.insert("visits", 1), "destroyed");
      one.take(await session.cookies());
      equal(one.cookies.size, 0);
    }],

    ["a destroyed session is not reloaded", async () => {
      const one = visitor();
      await one.visit(count);
      const session = await one.session();
      session.destroy();
      await fails(() => session.reload(), "destroyed");
      one.take(await session.cookies());
      equal(one.cookies.size, 0);
    }],

    ["each cookie is sent once", async () => {
      const one = visitor();
      const session = await one.session();
      count(session);
      await session.save();
      session.rotate();
      await session.save();
      const cookies = await session.cookies();
      equal(cookies.length, 1);
      one.take(cookies);
      equal((await one.session()).get("visits"), 1);
    }],

    ["of two sign-ins at once one is told that it lost", async () => {
      const one = visitor();
      await one.visit(count);
      const [first, second] = [await one.session(), await one.session()];
      first.signIn("ada");
      second.signIn("bob");
      one.take(await first.cookies());
      const error = await fails(() => second.cookies(), "ended");
      equal([error.status, (await one.session()).owner], [409, "ada"]);
    }],

    ["a handler whose session ended meanwhile answers, without a cookie", async () => {
      const sessions = make();
      const [cookie] = await sessions.load(null).then((session) => (count(session), session.cookies()));
      const handler = sessions.handler(async (_, { session }) => {
        const other = await sessions.load(cookie.split(";")[0]);
        other.destroy();
        await other.cookies();
        return new Response(String(count(session)));
      });
      const response = await handler(asking(cookie.split(";")[0]));
      equal([response.status, await response.text(), response.headers.get("Vary")], [200, "2", "Cookie"]);
    }],

    ["a cookie that a strict handler refuses is removed", async () => {
      const handler = make().handler(() => new Response("never"), { strict: true });
      equal((await handler(asking("__Host-session=gAAAAA"))).status, 400);
      // Browsers show no Set-Cookie header, not even of a response that they did not get from anywhere.
      const error = await fails(() => make().load("__Host-session=gAAAAA", { strict: true }), "bad_cookie");
      ok(/^__Host-session=; .*Max-Age=0/.test(error.cookies[0]), error.cookies);
    }],

    ["a store that fails in a rotation does not cost the session, where reads are old", async () => {
      const fault = { of: "" };
      const inner = mapStore();
      const store = { ...faulty(inner, fault), capabilities: { consistent: false, conditions: false, lag: 60 } };
      const one = visitor({ store });
      await one.visit(count);
      const session = await one.session();
      session.signIn("ada");
      fault.of = "put";
      await fails(() => session.cookies(), "store_failed");
      fault.of = "";
      equal((await one.session()).get("visits"), 1);
    }],

    ["what must be done to its end is handed to waitUntil, and waited for", async () => {
      const inner = mapStore();
      let isDown = false;
      let goOn;
      const waiting = async (work) => {
        await new Promise((resolve) => (goOn = resolve));
        if (isDown) throw new Error("down");
        return work();
      };
      /** The work that the runtime has to wait for, while the store deletes. */
      const handed = async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        equal(works.length, 1);
        goOn();
        return await works.pop();
      };
      const store = {
        capabilities: inner.capabilities, get: inner.get, put: inner.put, list: inner.list,
        delete: (...all) => waiting(() => inner.delete(...all)),
      };
      const one = visitor({ store });
      const works = [];
      const waitUntil = (work) => works.push(work);
      await one.visit(count);
      for (const end of [(session) => session.signIn("ada"), (session) => session.destroy()]) {
        const session = await one.session({ waitUntil });
        end(session);
        const answered = session.cookies();
        await handed();
        one.take(await answered);
      }
      equal(inner.size, 0);
      await one.visit((session) => session.signIn("ada"));
      const ended = one.sessions.endAll("ada", { waitUntil });
      await handed();
      equal([inner.size, await ended], [0, 1]);
      // What fails is told to who asked, not to the runtime.
      await one.visit((session) => session.signIn("ada"));
      isDown = true;
      const session = await one.session({ waitUntil });
      session.destroy();
      const failed = fails(() => session.cookies(), "store_failed");
      await handed();
      await failed;
      await (await one.session({ waitUntil })).cookies();
      equal(works.length, 0, "works of a request without a change");
    }],

    ["what a handler throws is thrown, whatever becomes of its session", async () => {
      const fault = { of: "" };
      const sessions = make({ store: faulty(mapStore(), fault) });
      const first = await sessions.load(null);
      count(first);
      const [cookie] = await first.cookies();
      const handler = sessions.handler((_, { session }) => {
        session.destroy();
        throw new Error("oops");
      });
      const logged = [];
      const { error } = console;
      console.error = (error) => logged.push(error.code);
      try {
        fault.of = "delete";
        const thrown = await handler(asking(cookie.split(";")[0])).then(() => undefined, (error) => error);
        equal([thrown?.message, logged], ["oops", ["store_failed"]]);
      } finally {
        console.error = error;
      }
    }],

    ["handles are asked for", async () => {
      const sessions = make();
      const session = await sessions.load(null);
      session.signIn("ada");
      await session.cookies();
      await fails(() => sessions.end("ada", undefined), "invalid_handle");
      await fails(() => sessions.endOthers("ada", undefined), "invalid_handle");
      equal((await sessions.list("ada")).length, 1);
    }],

    ["what a store's list answers is checked", async () => {
      for (const answer of [5, [null], [{ key: 3, entry: new Uint8Array(1) }]]) {
        const sessions = make({ store: { ...mapStore(), list: () => answer } });
        await fails(() => sessions.list("ada"), "store_invalid");
      }
      for (const answer of ["03", NaN, undefined]) {
        const sessions = make({ store: { ...mapStore(), deleteOwned: () => answer } });
        await fails(() => sessions.endAll("ada"), "store_invalid");
      }
    }],

    ["an event's listener cannot fail the request", async () => {
      const { error } = console;
      let told = 0;
      console.error = () => (told += 1);
      try {
        for (const onEvent of [() => { throw new Error("no"); }, () => Promise.reject(new Error("no"))]) {
          equal(await visitor({ onEvent }).visit(count), 1);
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
        equal(told, 2);
      } finally {
        console.error = error;
      }
    }],

    ["a response that cannot be sent is refused before anything is stored", async () => {
      const store = mapStore();
      const session = await make({ store }).load(null);
      count(session);
      const used = new Response("a");
      await used.text();
      for (const response of [used, undefined, {}, Response.error()]) {
        const error = await session.commit(response).then(() => undefined, (error) => error);
        ok(error instanceof TypeError, String(error));
      }
      equal(store.size, 0);
      await session.commit(new Response("a"));
      equal(store.size, 1);
    }],

    ["a hundred tenants have keys of their own", async () => {
      const keys = Array.from({ length: 100 }, (_, index) => KEY.replace("cw_0", `cw${String(index).padStart(2, "0")}`));
      const sessions = make({ keys: ({ env }) => env.key });
      const cookies = [];
      for (const key of keys) {
        const session = await sessions.load(null, { env: { key } });
        count(session);
        cookies.push((await session.cookies())[0].split(";")[0]);
      }
      for (const [index, key] of keys.entries()) {
        equal((await sessions.load(cookies[index], { env: { key } })).get("visits"), 1);
        equal((await sessions.load(cookies[index], { env: { key: keys[(index + 1) % 100] } })).reason, "bad_cookie");
      }
    }],

    ["a session that is read again after a failed save can have its cookie, for no response was sent", async () => {
      const fault = { of: "put" };
      const one = visitor({ store: faulty(mapStore(), fault) });
      for (const change of [(session) => count(session), (session) => session.signIn("ada")]) {
        fault.of = "put";
        const session = await one.session();
        change(session);
        await fails(() => session.save(), "store_failed");
        await session.reload();
        fault.of = "";
        change(session);
        one.take(await session.cookies());
      }
      const session = await one.session();
      equal([session.get("visits"), session.owner], [1, "ada"]);
    }],

    ["a response whose body somebody reads is refused before anything is stored", async () => {
      const store = mapStore();
      const session = await visitor({ store }).session();
      count(session);
      const response = new Response("a");
      response.body.getReader();
      await fails(() => session.commit(response), "invalid_argument");
      equal(store.size, 0);
    }],

    ["what was removed was there, also where the core is told of it at once", async () => {
      const session = await visitor().session();
      session.insert("a", 1);
      for (let change = 0; change < 600; change++) {
        session.insert("b", change);
        ok(session.remove("b") && !session.has("b"), `removal ${change}`);
      }
      ok(!session.remove("b"), "a second removal");
      session.insert("c", 1);
      session.insert("a", 2);
      equal([...session.keys()], ["c", "a"]);
      session.setLabel("told");
      equal([...session.keys()], ["c", "a"]);
    }],

    ["a session is found again after many saves, wherever its data is", async () => {
      const both = { ...mapStore(), capabilities: { consistent: false, lag: 5 } };
      for (const store of [mapStore(), both]) {
        const one = visitor({ store });
        const session = await one.session();
        count(session);
        one.take(await session.cookies());
        for (let save = 0; save < 100; save++) {
          await session.reload();
          equal(session.get("visits"), 1 + save);
          session.insert("text", "x".repeat(1500));
          count(session);
          await session.save();
        }
      }
    }],

    ["zero below zero is zero in a message, and itself in a value", async () => {
      const one = visitor();
      await one.visit((session) => {
        session.insert("over", 1, { until: -0 });
        session.insert("zero", -0);
        session.insert("text", "x");
        session.signIn("bob");
      });
      const session = await one.session();
      equal([session.has("over"), session.get("zero"), session.get("text"), session.owner], [false, -0, "x", "bob"]);
    }],

    ["a time in milliseconds is refused", async () => {
      const session = await visitor().session();
      await fails(() => session.insert("a", 1, { until: Date.now() }), "invalid_until");
    }],
  ];
}
