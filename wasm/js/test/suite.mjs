// What the package does in every runtime.
import { equal, fails, ok } from "./harness.mjs";
import { badInput } from "./bad-input.mjs";
import { fernetTests } from "./fernet-use.mjs";
import { optionTests } from "./options.mjs";
import { Visitor } from "./browser-like.mjs";
import { commits } from "./commits.mjs";
import { fernetVectors } from "./fernet.mjs";
import { laggingStores } from "./lagging.mjs";
import { ownBytes } from "./own-bytes.mjs";

const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const OTHER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NAME = "__Host-session";
/** A cookie that another program wrote, after the page on the format. */
const WRITTEN_COOKIE =
  "gAAAAABrSdIAAAAAAAAAAAAAAAAAAAAAAFZL7M28AL7o69SHE3Ir3UEkCVw8mdDLSMhj8Q_ab9VMefRDJDWNLC9ahvqKWcKfb5n8W3gyTKoQqTCdPgY-nvJnsJzZPlebKQ1oMQF9bmpj";

/** The tests, for what the package exports. */
export function suite({ createSessions, mapStore, kvStore, SessionError, Fernet }) {
  let time = 1_800_000_000;
  const clock = () => time;
  const make = (options = {}) => createSessions({ keys: KEY, store: mapStore({ clock }), clock, ...options });
  const visitor = (options) => new Visitor(make(options));
  const count = (session) => session.update("visits", (visits = 0) => visits + 1);

  return [
    ["a visitor is counted", async () => {
      const one = visitor();
      equal([await one.visit(count), await one.visit(count), await one.visit(count)], [1, 2, 3]);
      const { line } = one.cookies.get(NAME);
      ok(/^__Host-session=[\w-]+; Path=\/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax$/.test(line), line);
    }],

    ["a cookie ends with the browser where that is asked for, but for who is to be remembered", async () => {
      const one = visitor({ cookie: { persistent: false } });
      await one.visit(count);
      equal(/Max-Age/.test(one.cookies.get(NAME).line), false);
      await one.visit((session) => session.setLifetime({ absolute: 600 }));
      ok(/; Max-Age=600;/.test(one.cookies.get(NAME).line), one.cookies.get(NAME).line);
    }],

    ["a value that another program wrote wrongly is an error, and the others are there", async () => {
      // "torn" is a text of the one byte ff, "whole" is 1; written after the page on the format.
      const record = Uint8Array.from(
        (
          "80000000006b49d20000000000000000000000000000000000878dd97e2cc910f291b4a52398cb3da0cebb9f6412fc9b65ac" +
          "c52928d3d1224d031035758645ad0759a3fc627e44b5c0017de5c0f98e673f03f3756457e52d6a539fe0bf701dadfdfefcd0" +
          "b57776003b"
        ).match(/../g),
        (byte) => parseInt(byte, 16),
      );
      const sessions = make({ store: { get: () => record, put() {}, delete() {} } });
      const session = await sessions.load(`${NAME}=${WRITTEN_COOKIE}`);
      equal([session.reason, session.has("torn"), session.get("whole")], [undefined, true, 1]);
      await fails(() => session.get("torn"), "unreadable_value");
      await fails(() => session.values(), "unreadable_value");
      session.insert("torn", "mended");
      equal(session.values(), { whole: 1, torn: "mended" });
    }],

    ["of a key that another program wrote twice the first counts", async () => {
      // "twice" is 1 and 2, and the flash value "notice" 3 and 4.
      const record = Uint8Array.from(
        (
          "80000000006b49d20000000000000000000000000000000000878dd97e2cc910f291b4a52398cb3da08b961285576e0cdd9a" +
          "ca8c4777c8f8fa031b6b488bc61b9c466ff7011e622b932443b269761001930cafb744f40db936f54ebfbbe85a04bc56680e" +
          "a11291b5114e8d7fe17be4d9c10c32f6acd7d9ae40"
        ).match(/../g),
        (byte) => parseInt(byte, 16),
      );
      const sessions = make({ store: { get: () => record, put() {}, delete() {} } });
      const session = await sessions.load(`${NAME}=${WRITTEN_COOKIE}`);
      equal([session.reason, session.values(), session.takeFlash("notice")], [undefined, { twice: 1 }, 3]);
    }],

    ["who stores nothing gets no cookie and costs no write", async () => {
      const store = mapStore();
      const one = visitor({ store });
      const session = await one.session();
      equal([session.get("visits"), session.reason, await session.cookies(), store.size], [undefined, "no_cookie", [], 0]);
    }],

    ["an untouched session is not written again", async () => {
      const one = visitor();
      await one.visit(count);
      equal(await (await one.session()).cookies(), []);
    }],

    ["values of all kinds come back", async () => {
      const values = {
        nothing: null, yes: true, no: false, zero: 0, minus: -0, small: -1, edge: 2 ** 31, safe: 2 ** 53 - 1,
        unsafe: 2 ** 53, low: -(2 ** 53 - 1), half: 1.5, huge: 1e300, infinite: Infinity, tiny: Number.MIN_VALUE,
        big: 2n ** 63n - 1n, bigger: 2n ** 64n - 1n, lowest: -(2n ** 63n), text: "é\u{1F600}", empty: "",
        long: "x".repeat(300) + "é", bytes: new Uint8Array([0, 255]), array: [1, [2, [null]], "a"],
        object: { a: { b: [{}] }, "": 1, "é": 2 },
      };
      const one = visitor();
      await one.visit((session) => {
        for (const [key, value] of Object.entries(values)) session.insert(key, value);
      });
      const session = await one.session();
      equal(session.values(), values);
      ok(Object.is(session.get("minus"), -0));
      equal(typeof session.get("big"), "bigint");
      equal(session.keys(), Object.keys(values));
      await one.visit((session) => session.insert("nan", NaN));
      ok(Number.isNaN((await one.session()).get("nan")));
      await one.visit((session) => session.insert("small", 5n));
      equal((await one.session()).get("small"), 5);
    }],

    ["undefined is absent", async () => {
      const one = visitor();
      await one.visit((session) => {
        session.insert("object", { a: undefined, b: 1 });
        session.insert("gone", 1);
      });
      await one.visit((session) => session.insert("gone", undefined));
      equal((await one.session()).values(), { object: { b: 1 } });
    }],

    ["what cannot be stored is a TypeError with path and remedy", async () => {
      const session = await visitor().session();
      const cycle = { a: {} };
      cycle.a.b = cycle;
      let deep = 1;
      for (let depth = 0; depth < 40; depth++) deep = [deep];
      class User { name = "ada"; }
      for (const [value, path, remedy] of [
        [{ at: new Date(0) }, "key.at", "getTime"], [[new Map()], "key[0]", "fromEntries"], [new Set(), "key", "..."],
        [() => 1, "key", "data"], [Symbol("s"), "key", "description"], [cycle, "key.a.b", "id"], [deep, "key[0]", "flatten"],
        [{ u: new User() }, "key.u", "User"], [[undefined], "key[0]", "null"], [2n ** 64n, "key", "text"],
        [{ t: "\ud800" }, "key.t", "surrogate"], [new Uint16Array(2), "key", "array.buffer, array.byteOffset, array.byteLength"],
        [new DataView(new ArrayBuffer(2)), "key", "array.byteOffset"], [{ r: /x/ }, "key.r", "source"],
      ]) {
        const error = await fails(() => session.insert("key", value), "invalid_value");
        ok(error instanceof TypeError && error.path.startsWith(path), `${error.path} for ${path}`);
        ok(error.message.includes(path) && error.message.includes(remedy), error.message);
      }
      equal(session.size, 0);
      session.insert("key", Object.create(null));
    }],

    ["a hostile key stays a key", async () => {
      const one = visitor();
      const value = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}');
      await one.visit((session) => session.insert("__proto__", value));
      const read = (await one.session()).get("__proto__");
      equal([read.admin, {}.admin, Object.keys(read)], [undefined, undefined, ["__proto__", "constructor"]]);
    }],

    ["a value that was read is a copy", async () => {
      const session = await visitor().session();
      const cart = ["a"];
      session.insert("cart", cart);
      cart.push("b");
      session.get("cart").push("c");
      equal(session.get("cart"), ["a"]);
    }],

    ["values are removed, taken and cleared", async () => {
      const one = visitor();
      await one.visit((session) => {
        for (const key of ["a", "b", "c"]) session.insert(key, key);
        session.flash("notice", "saved");
      });
      await one.visit((session) => {
        equal([session.remove("a"), session.remove("x"), session.take("b"), session.has("b")], [true, false, "b", false]);
      });
      equal((await one.session()).keys(), ["c"]);
      equal(await one.visit((session) => [session.takeFlash("notice"), session.takeFlash("notice")]), ["saved", undefined]);
      equal((await one.session()).takeFlash("notice"), undefined);
      await one.visit((session) => session.clear());
      equal((await one.session()).size, 0);
      equal((await one.session()).reason, undefined);
    }],

    ["a value can end before its session", async () => {
      const one = visitor();
      await one.visit((session) => session.insert("code", 7, { until: time + 60 }));
      equal((await one.session()).get("code"), 7);
      time += 61;
      equal((await one.session()).get("code"), undefined);
    }],

    ["CSRF tokens are masked and belong to one session", async () => {
      const [one, other] = [visitor(), visitor()];
      const token = await one.visit((session) => {
        const [first, second] = [session.csrfToken(), session.csrfToken()];
        ok(first !== second && first.length === 86);
        return first;
      });
      await other.visit(count);
      equal((await one.session()).verifyCsrf(token), true);
      equal((await other.session()).verifyCsrf(token), false);
      for (const bad of ["", undefined, 5, token.slice(1), `${token}A`]) equal((await one.session()).verifyCsrf(bad), false);
      await one.visit((session) => {
        session.signIn("ada");
        equal(session.verifyCsrf(token), false);
        ok(session.verifyCsrf(session.csrfToken()));
      });
    }],

    ["a byte order mark is a character like others", async () => {
      const sessions = make();
      const one = new Visitor(sessions);
      await one.visit((session) => {
        session.signIn("\uFEFFada");
        session.setLabel("\uFEFFlaptop");
        session.insert("\uFEFFkey", "\uFEFFvalue");
        equal(session.owner, "\uFEFFada");
      });
      const session = await one.session();
      equal([session.owner, session.label, session.get("\uFEFFkey")], ["\uFEFFada", "\uFEFFlaptop", "\uFEFFvalue"]);
      equal((await sessions.list("ada")).length, 0);
    }],

    ["signing in changes the id, keeps the values and kills the old cookie", async () => {
      const one = visitor();
      await one.visit(count);
      const thief = one.copy();
      await one.visit((session) => {
        session.signIn("ada");
        session.setLabel("laptop");
        equal([session.owner, session.label, session.authenticatedAt], ["ada", "laptop", time]);
      });
      const session = await one.session();
      equal([session.owner, session.get("visits"), session.label], ["ada", 1, "laptop"]);
      ok(session.isRecentlyAuthenticated(0));
      const old = await thief.session();
      equal([old.reason, old.owner, await old.cookies()], ["missing", undefined, []]);
    }],

    ["an ended session stays ended, whoever is late", async () => {
      const events = [];
      const one = visitor({ onEvent: ({ kind }) => events.push(kind) });
      await one.visit(count);
      const late = await one.session();
      count(late);
      await one.visit((session) => {
        session.destroy();
        equal([session.get("visits"), session.isDestroyed], [undefined, true]);
      });
      equal(one.cookies.size, 0);
      await fails(() => late.cookies(), "ended");
      ok(events.includes("destroyed") && events.includes("ended"), events);
      await fails(() => late.insert("a", 1), "ended");
    }],

    ["no update is lost", async () => {
      const one = visitor();
      await one.visit(count);
      const sessions = await Promise.all(Array.from({ length: 20 }, () => one.session()));
      for (const [index, session] of sessions.entries()) {
        count(session);
        session.insert(`key ${index}`, index);
      }
      await Promise.all(sessions.map((session) => session.cookies()));
      const session = await one.session();
      equal([session.get("visits"), session.size], [21, 21]);
    }],

    ["a rotation and a change at the same time both count", async () => {
      const one = visitor();
      await one.visit(count);
      const [rotating, changing] = [await one.session(), await one.session()];
      rotating.rotate();
      rotating.insert("mine", 1);
      changing.insert("theirs", 2);
      await changing.cookies();
      one.take(await rotating.cookies());
      equal((await one.session()).values(), { visits: 1, theirs: 2, mine: 1 });
    }],

    ["a response is copied, marked and gets the cookie appended", async () => {
      const sessions = make();
      const session = await sessions.get(new Request("https://example.org/"));
      count(session);
      const headers = [["Set-Cookie", "other=1"], ["Cache-Control", "public"], ["Vary", "Accept"]];
      const response = await session.commit(new Response("hello", { status: 201, headers }));
      equal([response.status, await response.text()], [201, "hello"]);
      const cookies = response.headers.getSetCookie?.() ?? [];
      ok(cookies.length === 0 || (cookies[0] === "other=1" && cookies[1].startsWith(NAME)), cookies);
      equal([response.headers.get("Cache-Control"), response.headers.get("Vary")], ["no-store", "Accept, Cookie"]);
      const read = await sessions.get(new Request("https://example.org/"));
      const plain = await read.commit(Response.redirect("https://example.org/next", 303));
      equal([plain.status, plain.headers.get("Cache-Control"), plain.headers.get("Vary")], [303, "private", "Cookie"]);
    }],

    ["a server error discards all but the end", async () => {
      const one = visitor();
      await one.visit(count);
      let session = await one.session();
      count(session);
      await session.commit(new Response(null, { status: 500 }));
      session = await one.session();
      equal(session.get("visits"), 1);
      session.destroy();
      await session.commit(new Response(null, { status: 503 }));
      equal((await one.session()).reason, "missing");
    }],

    ["a stream reads and saves after its response", async () => {
      const one = visitor();
      await one.visit(count);
      const stream = await one.session();
      await stream.cookies();
      await fails(() => count(stream), "committed");
      await one.visit(count);
      await stream.reload();
      equal(stream.get("visits"), 2);
      count(stream);
      await stream.save();
      count(stream);
      await stream.save();
      equal((await one.session()).get("visits"), 4);
      stream.rotate();
      await fails(() => stream.save(), "response_sent");
      const fresh = await visitor().session();
      await fresh.cookies();
      await fresh.reload();
      count(fresh);
      await fails(() => fresh.save(), "response_sent");
    }],

    ["a save before the response sends its cookie with it", async () => {
      const one = visitor();
      const session = await one.session();
      count(session);
      await session.save();
      count(session);
      one.take(await session.cookies());
      equal((await one.session()).get("visits"), 2);
    }],

    ["a user's sessions are listed and ended", async () => {
      const sessions = make();
      const devices = [];
      for (const label of ["laptop", "phone", "tablet"]) {
        const device = new Visitor(sessions);
        time += 1;
        await device.visit((session) => {
          session.signIn("ada");
          session.setLabel(label);
        });
        devices.push(device);
      }
      const listed = await sessions.list("ada");
      equal(listed.map(({ label }) => label), ["tablet", "phone", "laptop"]);
      equal(listed[0].handle, (await devices[2].session()).key);
      equal(await sessions.end("eve", listed[0].handle), false);
      equal(await sessions.end("ada", listed[0].handle), true);
      equal((await devices[2].session()).reason, "missing");
      equal(await sessions.endOthers("ada", listed[1].handle), 1);
      equal((await devices[1].session()).owner, "ada");
      equal([await sessions.endAll("ada"), await sessions.list("ada")], [1, []]);
      await fails(() => sessions.list(""), "invalid_owner");
    }],

    ["timeouts end a session", async () => {
      const one = visitor({ idleTimeout: 1000, absoluteTimeout: 3000 });
      await one.visit(count);
      for (let step = 0; step < 3; step++) {
        time += 900;
        equal(await one.visit((session) => session.reason), undefined);
      }
      time += 301;
      equal((await one.session()).reason, "expired");
      const two = visitor({ idleTimeout: 1000 });
      await two.visit(count);
      time += 1001;
      equal((await two.session()).reason, "expired");
    }],

    ["events have the same names as in Rust", async () => {
      const events = [];
      const one = visitor({ placement: "both", store: kvStore(laggingKv(() => time, 60)), onEvent: ({ kind, reason }) => events.push([kind, reason]) });
      await one.visit(count);
      await one.visit(count);
      time += 3_601;
      await one.session();
      one.cookies.set(NAME, { value: "forged" });
      await one.session();
      equal(events, [
        ["created", undefined], ["stale_read", undefined], ["stored", undefined], ["expired", "expired"], ["refused", "bad_cookie"],
      ]);
    }],

    ["a session can have a lifetime of its own", async () => {
      const one = visitor({ idleTimeout: 100 });
      await one.visit((session) => session.setLifetime({ idle: 5000 }));
      time += 4000;
      equal((await one.session()).reason, undefined);
      await fails(async () => (await one.session()).setLifetime({ idle: 0 }), "invalid_lifetime");
    }],

    ["touches go through waitUntil, and are dropped if they fail", async () => {
      let isBroken = false;
      const inner = mapStore({ clock });
      const store = { ...inner, put: (...put) => (isBroken ? Promise.reject(new Error("down")) : inner.put(...put)) };
      const one = visitor({ store });
      await one.visit(count);
      time += 1000;
      const works = [];
      const waitUntil = (work) => works.push(work);
      equal(await (await one.session({ waitUntil })).cookies(), []);
      equal(works.length, 1);
      await Promise.all(works);
      equal((await one.session()).lastSeen, time);
      time += 1000;
      isBroken = true;
      equal(await (await one.session({ waitUntil })).cookies(), []);
      equal(await (await one.session()).cookies(), []);
      await Promise.all(works);
    }],

    ["keys rotate", async () => {
      const store = mapStore({ clock });
      const one = visitor({ store });
      await one.visit(count);
      one.sessions = make({ store, keys: [OTHER_KEY, KEY] });
      equal(await one.visit((session) => session.get("visits")), 1);
      one.sessions = make({ store, keys: `${OTHER_KEY}` });
      equal((await one.session()).get("visits"), 1);
      one.sessions = make({ store });
      equal((await one.session()).reason, "bad_cookie");
    }],

    ["a store that fails is an error, never an empty session", async () => {
      const never = new Promise(() => {});
      for (const [code, get] of [
        ["store_failed", () => { throw new Error("down"); }],
        ["store_failed", () => Promise.reject(new Error("down"))],
        ["store_invalid", () => "text"],
        ["store_invalid", async () => ({})],
        ["store_timeout", () => never],
      ]) {
        const inner = mapStore({ clock });
        let isBroken = false;
        const events = [];
        const store = { ...inner, get: (key) => (isBroken ? get() : inner.get(key)) };
        const one = visitor({ store, timeout: 20, onEvent: ({ kind }) => events.push(kind) });
        await one.visit(count);
        isBroken = true;
        const error = await fails(() => one.session(), code);
        ok(error instanceof SessionError && error.status === 503);
        isBroken = false;
        equal(await one.visit(count), 2);
        equal(events, ["created", "store_failed", "stored"]);
      }
      for (const [code, put] of [
        ["store_invalid", () => "yes"],
        ["store_failed", () => Promise.reject(new Error("down"))],
      ]) {
        const one = visitor({ store: { ...mapStore(), put } });
        const session = await one.session();
        count(session);
        equal((await fails(() => session.cookies(), code)).status, 503);
      }
    }],

    ["wrong options are refused by name", async () => {
      const store = mapStore();
      for (const [options, code, part] of [
        [{ store }, "invalid_config", "keys"], [{ keys: KEY }, "invalid_config", "store"],
        [{ keys: "short", store }, "invalid_key", "key 1"], [{ keys: [KEY, "*".repeat(44)], store }, "invalid_key", "key 2"],
        [{ keys: "A".repeat(43), store }, "invalid_key", "equal"], [{ keys: "", store }, "invalid_key", "1 to 16 keys"],
        [{ keys: 5, store }, "invalid_config", "keys"], [{ keys: KEY, store: {} }, "invalid_config", "get"],
        [{ keys: KEY, store, idleTimeout: "1h" }, "invalid_config", "idleTimeout"],
        [{ keys: KEY, store, idleTimeout: 0 }, "invalid_config", "idleTimeout"],
        [{ keys: KEY, store, idleTimout: 5 }, "invalid_config", "idleTimout"],
        [{ keys: KEY, store, cookie: { name: "a b" } }, "invalid_config", "cookie.name"],
        [{ keys: KEY, store, cookie: { secure: false } }, "invalid_config", "__Host-"],
        [{ keys: KEY, store, cookie: { sameSite: "Lax" } }, "invalid_config", "sameSite"],
        [{ keys: KEY, store, namespace: "" }, "invalid_config", "namespace"],
        [{ keys: KEY, store, limit: 5 }, "invalid_config", "limit"],
        [{ keys: KEY, store, placement: "moon" }, "invalid_config", "placement"],
        [null, "invalid_config", "object"],
      ]) {
        const error = await fails(() => createSessions(options), code);
        ok(error.message.includes(part), error.message);
      }
    }],

    ["wrong use is refused by code", async () => {
      const session = await visitor().session();
      await fails(() => session.insert("", 1), "invalid_session_key");
      await fails(() => session.insert("é".repeat(128), 1), "invalid_session_key");
      await fails(() => session.insert(5, 1), "invalid_session_key");
      await fails(() => session.signIn(""), "invalid_owner");
      await fails(() => session.signIn(5), "invalid_owner");
      await fails(() => session.setLabel("x".repeat(129)), "invalid_label");
      const error = await fails(() => session.insert("large", "x".repeat(70_000)), "too_large");
      ok(/70\d\d\d bytes, and 65536 .* large \(70\d\d\d bytes\)/.test(error.message), error.message);
      const ended = await visitor().session();
      ended.destroy();
      await fails(() => ended.insert("a", 1), "destroyed");
    }],

    ["keys and store can come with the request", async () => {
      const env = { SECRET: KEY, STORE: mapStore({ clock }) };
      const sessions = createSessions({ keys: ({ env }) => env.SECRET, store: ({ env }) => env.STORE, clock });
      const one = new Visitor(sessions, { env });
      equal([await one.visit(count), await one.visit(count)], [1, 2]);
      await fails(() => sessions.load("", { env: {} }), "invalid_config");
    }],

    ["a handler is given the session", async () => {
      const sessions = make();
      const handler = sessions.handler((request, { session }) => {
        if (request.url.endsWith("/fail")) throw new Error("oops");
        return new Response(String(count(session)));
      });
      const first = await handler(new Request("https://example.org/"));
      equal(await first.text(), "1");
      // Browsers show nobody the cookies of a response.
      const cookie = first.headers.get("Set-Cookie")?.split(";")[0];
      if (cookie === undefined) return;
      // A browser's Request may not carry the header; workers and servers get it from the network.
      const request = (url) => ({ url, headers: { get: (name) => (name === "Cookie" ? cookie : null) } });
      equal(await (await handler(request("https://example.org/"))).text(), "2");
      await handler(request("https://example.org/fail")).then(() => ok(false), (error) => equal(error.message, "oops"));
      const strict = sessions.handler(() => new Response(), { strict: true, required: true });
      equal((await strict(new Request("https://example.org/"))).status, 401);
      const forged = { url: "", headers: { get: () => `${NAME}=forged` } };
      equal((await strict(forged)).status, 400);
      const down = make({ store: { ...mapStore(), get: () => { throw new Error("down"); } } });
      equal((await down.handler(() => new Response())(request("https://example.org/"))).status, 503);
    }],

    ["cookies of others, split headers and broken ones do not matter", async () => {
      const one = visitor();
      await one.visit(count);
      const own = one.header();
      for (const header of [`a=1; ${own}`, ["a=é", own], `${NAME}=x; ${own}`, ` ;;${own};`, [`a="b; ${own}`]]) {
        equal((await one.sessions.load(header)).get("visits"), 1);
      }
      for (const [header, reason] of [
        [null, "no_cookie"], [[], "no_cookie"], [`${NAME}=`, "bad_cookie"], [`${NAME}=${"A".repeat(10_000)}`, "bad_cookie"],
        [own.replace(NAME, "__host-session"), "no_cookie"], [own.slice(0, -2), "bad_cookie"],
      ]) {
        equal((await one.sessions.load(header)).reason, reason);
      }
    }],

    ["a session can be kept in a cookie alone", async () => {
      const one = visitor({ store: undefined, placement: "cookie" });
      await one.visit(count);
      equal([...one.cookies.keys()], [`${NAME}-data`, NAME]);
      equal(await one.visit(count), 2);
      await fails(() => one.sessions.list("ada"), "unsupported");
      await one.visit((session) => session.destroy());
      equal(one.cookies.size, 0);
      const large = await one.session();
      await fails(() => large.insert("x", "y".repeat(4000)), "too_large");
    }],

    ["on a store that lags, visitors see their own writes and a sign-out is final", async () => {
      const kv = laggingKv(() => time, 60);
      const one = visitor({ store: kvStore(kv) });
      equal([await one.visit(count), await one.visit(count), await one.visit(count)], [1, 2, 3]);
      await one.visit((session) => session.signIn("ada"));
      equal(await one.visit((session) => [session.owner, count(session)]), ["ada", 4]);
      time += 50;
      equal(await one.visit(count), 5);
      time += 130;
      equal(await one.visit(count), 6);
      const thief = one.copy();
      const late = await one.session();
      count(late);
      await one.visit((session) => session.destroy());
      equal(one.cookies.size, 0);
      // Somebody who was late puts the record back.
      await late.cookies();
      time += 61;
      equal((await thief.session()).reason, "missing");
      time += 1000;
      equal((await thief.session()).reason, "missing");
      await fails(() => one.sessions.endAll("ada"), "unsupported");
    }],

    ["an old id is over everywhere once the lag is", async () => {
      const kv = laggingKv(() => time, 60);
      const one = visitor({ store: kvStore(kv) });
      await one.visit(count);
      const thief = one.copy();
      await one.visit((session) => session.signIn("ada"));
      time += 61;
      equal((await thief.session()).reason, "missing");
      equal((await one.session()).owner, "ada");
    }],

    ["Fernet is Fernet", async () => {
      const published =
        "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
      const fernet = new Fernet(KEY);
      equal(fernet.decryptText(published, { ttl: 60, at: 499_162_801 }), "hello");
      equal(fernet.extractTimestamp(published), 499_162_800);
      await fails(() => fernet.decrypt(published, { ttl: 60, at: 499_162_861 }), "invalid_token");
      await fails(() => fernet.decrypt(published, { ttl: 60, at: 499_162_700 }), "invalid_token");
      equal(fernet.decryptText(published, { at: 499_162_700 }), "hello");
      await fails(() => new Fernet(KEY, { strict: true }).decrypt(published, { at: 499_162_700 }), "invalid_token");
      for (const bad of ["", published.replace("w", "x"), published.slice(0, -3), ` ${published}`, published.replace("_", "/"), 5]) {
        await fails(() => fernet.decrypt(bad), "invalid_token");
      }
      const bytes = new Uint8Array(1000).map((_, at) => at);
      equal(fernet.decrypt(fernet.encrypt(bytes)), bytes);
      await fails(() => fernet.decryptText(fernet.encrypt(new Uint8Array([255]))), "invalid_token");
      const next = Fernet.generateKey();
      const both = new Fernet([next, KEY]);
      const rotated = both.rotate(published);
      equal(new Fernet(next).extractTimestamp(rotated), 499_162_800);
      equal(new Fernet(next).decryptText(rotated), "hello");
      await fails(() => new Fernet(next).decrypt(published), "invalid_token");
      await fails(() => new Fernet("short"), "invalid_key");
      const salt = new Uint8Array(16).map((_, at) => at);
      const derived = Fernet.deriveKey("correct horse", salt, { iterations: 100 });
      equal(derived, "55OAd2tflUTH4YSz1J9pqJKxekgvYjw3bPGXGUbRpZE=");
      await fails(() => Fernet.deriveKey("", salt), "invalid_key");
    }],
    ...commits({ make, visitor, count, mapStore }),

    ...fernetVectors(Fernet),
    ...laggingStores({ createSessions, kvStore }),
    ...ownBytes({ createSessions, mapStore, Fernet }),
    ...badInput({ createSessions, mapStore, SessionError, Fernet }),
    ...fernetTests(Fernet),
    ...optionTests({ createSessions, mapStore, kvStore, Fernet }),
  ];
}

/** Workers KV at its worst: every place's reads are as old as the lag, lookups that found nothing too. */
function laggingKv(now, lag) {
  const versions = new Map();
  return {
    async get(key) {
      const known = (versions.get(key) ?? []).filter(({ at }) => at <= now() - lag);
      const newest = known.at(-1);
      if (newest === undefined || newest.value === null || newest.until <= now()) return null;
      return newest.value.slice().buffer;
    },
    async put(key, value, { expirationTtl }) {
      if (expirationTtl < 60) throw new Error("KV keeps nothing for less than 60 seconds");
      add(key, { at: now(), value: new Uint8Array(value), until: now() + expirationTtl });
    },
    async delete(key) {
      add(key, { at: now(), value: null });
    },
  };

  function add(key, version) {
    versions.set(key, [...(versions.get(key) ?? []), version]);
  }
}
