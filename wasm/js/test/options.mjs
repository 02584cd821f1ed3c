// What is wrong with settings and stores is told at once, and by name.
import { equal, fails, ok } from "./harness.mjs";

/** The tests, for what the package exports. */
export function optionTests({ createSessions, mapStore, kvStore, Fernet }) {
  const keys = Fernet.generateKey();
  const refused = async (work, ...parts) => {
    const error = await fails(work, "invalid_config");
    for (const part of parts) ok(error.message.includes(part), error.message);
  };
  return [
    ["a timeout that no timer can wait for is refused", async () => {
      for (const timeout of [2 ** 31, 3_000_000_000, Infinity, NaN, 0, 1.5]) {
        await refused(() => createSessions({ keys, store: mapStore(), timeout }), "timeout", "2147483647");
      }
      createSessions({ keys, store: mapStore(), timeout: 2 ** 31 - 1 });
    }],

    ["a cookie's options are an object of known ones", async () => {
      for (const cookie of ["abc", 5, null]) await refused(() => createSessions({ keys, store: mapStore(), cookie }), "cookie", "object");
      await refused(() => createSessions({ keys, store: mapStore(), cookie: { secured: true } }), "no option cookie.secured");
    }],

    ["what a store says of itself is checked", async () => {
      const make = (capabilities, more) => createSessions({ keys, store: { ...mapStore(), capabilities, ...more } });
      for (const lag of [-1, Infinity, NaN, 1.5, "60", 3_601, null]) {
        await refused(() => make({ consistent: false, lag }), "capabilities.lag", "seconds");
      }
      await refused(() => make({ consistent: "no" }), "capabilities.consistent", "true or false");
      await refused(() => make({ conditions: 1 }), "capabilities.conditions", "true or false");
      await refused(() => make(5), "capabilities", "object");
      await refused(() => make({}, { list: true }), "list", "method");
      for (const capabilities of [undefined, {}, { consistent: false, lag: 60, more: 1 }, { lag: undefined }]) make(capabilities);
      const late = createSessions({ keys, store: () => ({ ...mapStore(), capabilities: { lag: -1 } }) });
      await refused(() => late.load(""), "capabilities.lag");
    }],

    ["inherited options are none", async () => {
      await refused(() => createSessions(Object.create({ keys, store: mapStore() })), "store");
      await refused(() => createSessions(Object.assign(Object.create({ store: mapStore() }), { keys })), "store");
    }],

    ["an option of an object's own prototype is no option", async () => {
      for (const name of ["constructor", "toString", "__proto__"]) {
        const more = JSON.parse(`{"${name}": 1}`);
        const options = Object.defineProperties({ keys, store: mapStore() }, Object.getOwnPropertyDescriptors(more));
        await refused(() => createSessions(options), `no option ${name}`);
        await refused(() => createSessions({ keys, store: mapStore(), cookie: more }), `no option cookie.${name}`);
      }
    }],

    ["keys and stores are asked for as they are, not as promises", async () => {
      await refused(() => createSessions({ keys: async () => keys, store: mapStore() }).load(""), "keys", "promise", "await");
      await refused(() => createSessions({ keys, store: async () => mapStore() }).load(""), "store", "promise", "await");
      await refused(() => createSessions({ keys, store: Promise.resolve(mapStore()) }), "store", "promise", "await");
      await refused(() => createSessions({ keys: () => undefined, store: mapStore() }).load(""), "keys", "secret");
    }],

    ["a store without its engine is refused when it is made", async () => {
      for (const namespace of [undefined, null, {}, "SESSIONS"]) await refused(() => kvStore(namespace), "Workers KV", "binding");
      const sessions = createSessions({ keys, store: ({ env }) => kvStore(env.SESSION) });
      await refused(() => sessions.load("", { env: { SESSIONS: {} } }), "Workers KV", "undefined");
      equal(typeof kvStore({ get() {}, put() {}, delete() {} }).get, "function");
    }],
  ];
}
