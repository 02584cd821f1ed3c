// Deno, with the contract on its own key-value store.
import * as api from "fastsession";
import { Fernet } from "fastsession/fernet";
import { denoKvStore } from "fastsession/stores/deno-kv";
import { contract } from "../contract.mjs";
import { equal, fails, ok, run } from "../harness.mjs";
import { suite } from "../suite.mjs";
import { report } from "./report.mjs";

const kv = await Deno.openKv(":memory:");
const limit = ["Deno KV: a session near its limit is stored, and one above is told of", async () => {
  const sessions = api.createSessions({ keys: Fernet.generateKey(), store: denoKvStore(kv) });
  for (const [size, isFit] of [[65_100, true], [65_300, false]]) {
    const session = await sessions.load("");
    session.signIn("ada");
    session.insert("large", "x".repeat(size));
    if (isFit) ok((await session.cookies()).length === 1);
    else ok((await fails(() => session.cookies(), "too_large")).message.includes("65400"));
  }
  const store = denoKvStore(kv);
  const filing = { owner: "a".repeat(64), entry: new Uint8Array(9), isNew: true, until: 4_000_000_000 };
  const options = { expiresAt: 4_000_000_000, ttl: 600, condition: { kind: "any" }, filing };
  equal(await store.put("a".repeat(64), new Uint8Array(65_400), options), true);
}];
report("Deno", await run([...suite({ ...api, Fernet }), limit, ...contract("Deno KV", () => denoKvStore(kv))]));
kv.close();
