// What is bundled for a runtime without modules of its own: gives the outcome as the global `outcome`.
import * as api from "fastsession";
import { Fernet } from "fastsession/fernet";
import { run } from "../harness.mjs";
import { suite } from "../suite.mjs";

export const outcome = run(suite({ ...api, Fernet }));
