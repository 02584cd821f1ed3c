/** What a request did to its session, as the core is told. */

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
export type Change = [What, string, Uint8Array, number | null, number | null];

const NOTHING = new Uint8Array(0);

/** A change; what it does not concern is left empty. */
export function change(
  what: What,
  name = "",
  value: Uint8Array = NOTHING,
  first: number | null = null,
  second: number | null = null,
): Change {
  return [what, name, value, first, second];
}
