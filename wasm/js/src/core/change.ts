/** What a request did to its session, as the core is told. */

import { NO_BYTES } from "../bytes.js";

/** The kinds of changes; the numbers are the same in wasm/src/change.rs. */
export const enum What {
  Insert,
  Update,
  Flash,
  Remove,
  RemoveFlash,
  Clear,
  SignIn,
  Label,
  Lifetime,
  Rotate,
  Destroy,
}

/** A change: what, the key or name it concerns, an encoded value, and two times or durations in seconds. */
export type Change = [What, string, Uint8Array, number | undefined, number | undefined];

/** A change; what it does not concern is left empty. */
export function change(
  what: What,
  name = "",
  value: Uint8Array = NO_BYTES,
  first?: number,
  second?: number,
): Change {
  return [what, name, value, first, second];
}
