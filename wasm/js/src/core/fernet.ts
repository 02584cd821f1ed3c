/** The core's Fernet by itself: what of it is the driver's. */

import { SessionError } from "../error.js";
import { Core } from "./instance.js";

/** The module with Fernet by itself. */
export const fernetCore = new Core("fernet", () => new SessionError("invalid_token", "the token is invalid or expired"));

/** The works; the numbers are the same in wasm/src/fernet.rs. */
export const enum Work {
  Encrypt = 2,
  Decrypt,
  Timestamp,
  Rotate,
  GenerateKey,
  DeriveKey,
}
