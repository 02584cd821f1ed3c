/** Bytes, in whatever realm their array was made: `instanceof` knows those of its own realm only. */

/** No bytes. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Whether it is a `Uint8Array`, as a `Buffer` is. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || (ArrayBuffer.isView(value) && nameOf(value) === "Uint8Array");
}

/** An object's own name for what it is. */
export function nameOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Up to here an engine has an array's bytes in its own heap; to allocate others takes V8 twenty times as long. */
const SMALL = 64;
const SHARED = 4_096;

let shared = NO_BYTES;
let taken = 0;

/** A copy of these bytes for this package alone: it may lie in a buffer with others, which must not get into anybody's hands. */
export function keep(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length <= SMALL || length > SHARED / 4) return bytes.slice();
  if (taken + length > shared.length) {
    shared = new Uint8Array(SHARED);
    taken = 0;
  }
  const kept = shared.subarray(taken, (taken += length));
  kept.set(bytes);
  return kept;
}
