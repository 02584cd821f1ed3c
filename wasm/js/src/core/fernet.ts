/** The core's Fernet by itself: what of it is the driver's. */

import { Core } from "./instance.js";

/** The module with Fernet by itself. */
export const fernetCore = new Core("fernet");

/** The works; the numbers are the same in wasm/src/fernet.rs. */
export const enum Work {
  Encrypt = 2,
  Decrypt,
  Timestamp,
  Rotate,
  GenerateKey,
  DeriveKey,
}
