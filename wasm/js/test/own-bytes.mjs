// What stores and handlers are given lies in buffers of its own: they may keep, change and transfer it.
import { Visitor } from "./browser-like.mjs";
import { equal } from "./harness.mjs";

/** The tests, for what the package exports. */
export function ownBytes({ createSessions, mapStore, Fernet }) {
  const keys = Fernet.generateKey();
  const own = (bytes) => equal([bytes.byteOffset, bytes.buffer.byteLength], [0, bytes.length]);

  return [
    ["a store is given arrays that lie in buffers of their own", async () => {
      const inner = mapStore();
      const given = [];
      const put = (key, record, options) => {
        given.push(record, options.condition.tag, options.filing?.entry);
        return inner.put(key, record, options);
      };
      const one = new Visitor(createSessions({ keys, store: { ...inner, put } }));
      await one.visit((session) => session.signIn("ada"));
      for (const length of [0, 60, 200, 2_000]) {
        await one.visit((session) => session.insert("bytes", new Uint8Array(length)));
      }
      const arrays = given.filter((one) => one !== undefined);
      // Five records with their entries in her list, and what must be there before all but the first.
      equal(arrays.length, 14);
      arrays.forEach(own);
    }],

    ["values and payloads lie in buffers of their own", async () => {
      const one = new Visitor(createSessions({ keys, store: mapStore() }));
      const fernet = new Fernet(keys);
      for (const length of [1, 60, 200, 2_000]) {
        const bytes = Uint8Array.from({ length }, (_, at) => at);
        await one.visit((session) => session.insert("bytes", bytes));
        const read = await one.visit((session) => session.get("bytes"));
        const opened = fernet.decrypt(fernet.encrypt(bytes));
        for (const given of [read, opened]) {
          own(given);
          equal(given, bytes);
          given.fill(0xff);
        }
        equal(await one.visit((session) => session.get("bytes")), bytes);
      }
    }],

    ["what is read stays as it is, whatever is read after it", async () => {
      const sessions = createSessions({ keys, store: mapStore() });
      const texts = Array.from({ length: 100 }, (_, at) => String(at).repeat(100));
      const read = texts.map(async (text) => {
        const session = await sessions.load(null);
        session.insert("text", text);
        return session;
      });
      const all = await Promise.all(read);
      const cookies = await Promise.all(all.map((session) => session.cookies()));
      const again = await Promise.all(cookies.map(([cookie]) => sessions.load(cookie.split(";")[0])));
      equal(again.map((session) => session.get("text")), texts);
    }],
  ];
}
