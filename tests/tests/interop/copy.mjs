// Opens the session on each line of standard input, copies its values to other keys, and gives it back on a line.
import { createInterface } from "node:readline";
import { createSessions } from "../../../wasm/js/dist/index.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { cookie, key, record, owner, label, csrf } = JSON.parse(line);
  const records = new Map([[key, Buffer.from(record, "hex")]]);
  const sessions = createSessions({
    keys: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
    store: {
      capabilities: { conditions: true },
      get: (key) => records.get(key),
      put: (key, record) => void records.set(key, record),
      delete: (key) => void records.delete(key),
      list: () => [],
    },
  });
  const session = await sessions.load(cookie);
  const facts = [session.reason, session.key, session.owner ?? null, session.label, session.verifyCsrf(csrf)];
  const expected = [undefined, key, owner, label, true];
  if (JSON.stringify(facts) !== JSON.stringify(expected)) throw new Error(`${facts} instead of ${expected}`);
  if (!session.takeFlash("notice").startsWith("number")) throw new Error("the flash value is lost");
  for (const key of session.keys()) session.insert(`copy of ${key}`, session.take(key));
  session.flash("back", "from JavaScript");
  const token = session.csrfToken();
  await session.cookies();
  const changed = records.get(session.key);
  const back = { cookie, key: session.key, record: Buffer.from(changed).toString("hex"), owner, label, csrf: token };
  console.log(JSON.stringify(back));
}
