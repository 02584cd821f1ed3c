// What hosts and callers do wrong: a typed error with a code that stays the same, and the next request works.
import { equal, fails, ok } from "./harness.mjs";
import { Visitor } from "./browser-like.mjs";

const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const OTHER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const never = new Promise(() => {});
const throws = (thrown) => () => { throw thrown; };

/** What a callback may do instead of its work, and the code of the error. */
const FAILURES = [
  ["store_failed", throws(new Error("down"))],
  ["store_failed", throws(undefined)],
  ["store_failed", () => Promise.reject(new Error("down"))],
  ["store_failed", () => Promise.reject(null)],
  ["store_failed", () => ({ then: throws(new Error("down")) })],
  ["store_timeout", () => never],
  ["store_timeout", () => ({ then() {} })],
];
const JUNK = [5, "text", {}, [1], [null], Symbol("s"), () => 1, 1n, new Uint16Array(50), new Map(), { record: 5, version: 1 }, new Error("down")];
const MORE_JUNK = {
  get: [true, NaN],
  put: [null, 0, new Uint8Array(60)],
  delete: [null, 0, new Uint8Array(60)],
  list: [
    null, true, "", new Uint8Array(60), [{}], [{ key: 5, entry: new Uint8Array(50) }], [{ key: "a".repeat(64), entry: "x" }],
    [{ key: "a".repeat(64), entry: [1, 2] }],
  ],
  deleteOwned: [null, undefined, true, NaN, -1, 1.5, Infinity],
};

/** The tests. */
export function badInput({ createSessions, mapStore, SessionError, Fernet }) {
  /** What asks the store for an operation. */
  const uses = {
    get: (one) => one.session(),
    put: (one) => one.visit((session) => session.insert("a", 2)),
    delete: (one) => one.visit((session) => session.destroy()),
    list: (one) => one.sessions.list("ada"),
    deleteOwned: (one) => one.sessions.endAll("ada"),
  };

  async function signedIn(operation, answer) {
    const inner = mapStore();
    const state = { isBroken: false };
    const store = { ...inner, [operation]: (...parts) => (state.isBroken ? answer() : inner[operation](...parts)) };
    const one = new Visitor(createSessions({ keys: KEY, store, timeout: 10 }));
    await one.visit((session) => {
      session.signIn("ada");
      session.insert("a", 1);
    });
    return { one, state };
  }

  async function survives(operation, code, answer) {
    const { one, state } = await signedIn(operation, answer);
    state.isBroken = true;
    const error = await fails(() => uses[operation](one), code);
    ok(error instanceof SessionError && error.status === 503, `the error of ${operation}`);
    ok(!error.message.includes([...one.cookies.values()][0].value), "no cookie in the text");
    state.isBroken = false;
    const session = await one.session();
    equal([session.reason, session.owner, session.get("a")], [undefined, "ada", 1], operation);
    equal((await one.sessions.list("ada")).length, 1);
  }

  return [
    ...Object.keys(uses).map((operation) => [`a store whose ${operation} throws, rejects or never answers`, async () => {
      for (const [code, answer] of FAILURES) await survives(operation, code, answer);
    }]),

    ...Object.keys(uses).map((operation) => [`a store whose ${operation} answers junk`, async () => {
      for (const value of [...JUNK, ...MORE_JUNK[operation]]) {
        // A number is what an ending answers.
        if (operation === "deleteOwned" && value === 5) continue;
        await survives(operation, "store_invalid", () => value);
        await survives(operation, "store_invalid", async () => value);
      }
    }]),

    ["bytes that are no record, or somebody else's, are no session", async () => {
      const { one, state } = await signedIn("get", () => answer);
      let answer;
      for (const length of [1, 32, 73, 500, 100_000]) {
        answer = crypto.getRandomValues(new Uint8Array(Math.min(length, 65_536)));
        state.isBroken = true;
        equal([(await one.session()).reason, (await one.session()).owner], ["unreadable", undefined], `${length} bytes`);
        state.isBroken = false;
        equal((await one.session()).owner, "ada");
      }
    }],

    ["a foreign key opens nothing, and tells nothing", async () => {
      const store = mapStore();
      const one = new Visitor(createSessions({ keys: KEY, store }));
      await one.visit((session) => session.insert("a", 1));
      one.sessions = createSessions({ keys: OTHER_KEY, store });
      equal([(await one.session()).reason, (await one.session()).size], ["bad_cookie", 0]);
      const error = await fails(() => one.session({ strict: true }), "bad_cookie");
      equal(error.status, 400);
      one.sessions = createSessions({ keys: KEY, store });
      equal((await one.session()).get("a"), 1);
    }],

    ["options of the wrong types are refused by code", async () => {
      const store = mapStore();
      const wrong = [5, true, {}, [], Symbol("s"), null, NaN, () => 1];
      const fitting = {
        keys: ["function"], store: ["function"], idleTimeout: [], absoluteTimeout: [], cookie: [], placement: [], namespace: [], limit: [],
        timeout: [5], onEvent: ["function"], clock: ["function"],
      };
      for (const [name, fine] of Object.entries(fitting)) {
        for (const value of wrong) {
          if (fine.includes(value) || fine.includes(typeof value)) continue;
          // Any object is one with cookie options, if it has no unknown ones.
          if (name === "cookie" && typeof value === "object" && value !== null) continue;
          if (["idleTimeout", "absoluteTimeout"].includes(name) && value === 5) continue;
          let code;
          try {
            createSessions({ keys: KEY, store, [name]: value });
          } catch (error) {
            ok(error instanceof SessionError, String(error));
            code = error.code;
          }
          ok(["invalid_config", "invalid_key"].includes(code), `${name}: ${String(value)}: ${code}`);
        }
      }
    }],

    ["options' functions that give junk are refused by code", async () => {
      for (const value of [5, null, undefined, {}, [5], Promise.resolve(KEY)]) {
        await fails(() => createSessions({ keys: () => value, store: mapStore() }).load(""), "invalid_config");
      }
      for (const value of [5, null, undefined, {}, Promise.resolve(mapStore())]) {
        await fails(() => createSessions({ keys: KEY, store: () => value }).load(""), "invalid_config");
      }
      for (const value of [NaN, "now", -5, Infinity, null, 5n, new Date()]) {
        await fails(() => createSessions({ keys: KEY, store: mapStore(), clock: () => value }).load(""), "invalid_config");
      }
      for (const lag of [-1, NaN, "x", 1.5, 0]) {
        const store = { ...mapStore(), capabilities: { consistent: false, lag } };
        await fails(() => createSessions({ keys: KEY, store }), "invalid_config");
      }
    }],

    ["what is no Cookie header is refused by code", async () => {
      const sessions = createSessions({ keys: KEY, store: mapStore() });
      for (const value of [5, true, {}, new Map(), () => 1]) {
        await fails(() => sessions.load(value), "invalid_config");
        await fails(() => sessions.get({ headers: { get: () => value } }), "invalid_config");
      }
    }],

    ["Fernet's arguments of the wrong types are refused by code", async () => {
      const fernet = new Fernet(KEY);
      const old = fernet.encrypt("x", { at: 1_000 });
      // None of them may turn into no time to live at all.
      for (const ttl of [NaN, -1, "60", {}, 60n, true]) await fails(() => fernet.decrypt(old, { ttl }), "invalid_argument");
      for (const at of [NaN, -1, "5", {}, 5n, Infinity, new Date()]) {
        await fails(() => fernet.decrypt(old, { at }), "invalid_argument");
        await fails(() => fernet.encrypt("x", { at }), "invalid_argument");
      }
      await fails(() => fernet.decrypt(old, { ttl: 60 }), "invalid_token");
      equal(fernet.decryptText(old, { ttl: 60, at: 1_000.9 }), "x");
      for (const text of [5, null, undefined, {}, [1], new ArrayBuffer(3), new Uint16Array(3)]) {
        await fails(() => fernet.encrypt(text), "invalid_argument");
      }
      for (const token of [5, null, undefined, {}, Symbol("s"), { toString: throws(new Error("no text")) }]) {
        await fails(() => fernet.decrypt(token), "invalid_token");
      }
      // Nor into few iterations, or a salt that is the same for all.
      const salt = new Uint8Array(16);
      for (const iterations of [0, -1, NaN, 1.5, "7", 2 ** 32, 2 ** 32 + 1]) {
        await fails(() => Fernet.deriveKey("passphrase", salt, { iterations }), "invalid_argument");
      }
      for (const salt of ["salt", 5, null, undefined, [1, 2], new ArrayBuffer(4)]) {
        await fails(() => Fernet.deriveKey("passphrase", salt, { iterations: 1 }), "invalid_argument");
      }
    }],

    ["a panic in the core is an error, and the next request works", async () => {
      const one = new Visitor(createSessions({ keys: KEY, store: mapStore() }));
      await one.visit((session) => session.insert("a", 1));
      const fernet = new Fernet(KEY);
      const token = fernet.encrypt("before");
      const open = await one.session();
      // More than any memory: allocating fails, which ends the module's instance.
      const endless = Object.create(Uint8Array.prototype, { length: { value: 2 ** 53 - 1 } });
      await fails(() => fernet.encrypt(endless), "internal");
      equal(fernet.decryptText(token), "before");
      // A session that was loaded before, too.
      open.insert("a", 2);
      one.take(await open.cookies());
      equal((await one.session()).get("a"), 2);
    }],
  ];
}
