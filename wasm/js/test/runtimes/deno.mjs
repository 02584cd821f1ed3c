// Deno, with the contract on its own key-value store.
import * as api from "fastsession";
import { Fernet } from "fastsession/fernet";
import { denoKvStore } from "fastsession/stores/deno-kv";
import { contract } from "../contract.mjs";
import { run } from "../harness.mjs";
import { suite } from "../suite.mjs";
import { report } from "./report.mjs";

const kv = await Deno.openKv(":memory:");
report("Deno", await run([...suite({ ...api, Fernet }), ...contract("Deno KV", () => denoKvStore(kv))]));
kv.close();
