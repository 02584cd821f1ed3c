// Opens the session on each line of standard input, copies its values to other keys, signs some in, and gives it back on a line.
import { createInterface } from "node:readline";
import { createSessions } from "../../../wasm/js/dist/index.js";

let number = 0;
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
  if (number % 3 === 1) {
    session.signIn(`user ${number} ö`);
    session.setLabel("an edge");
  }
  const token = session.csrfToken();
  const cookies = await session.cookies();
  const back = {
    cookie: cookies[0]?.split(";")[0] ?? cookie,
    key: session.key,
    record: Buffer.from(records.get(session.key)).toString("hex"),
    owner: session.owner ?? null,
    label: session.label,
    csrf: token,
  };
  console.log(JSON.stringify(back));
  number += 1;
}
