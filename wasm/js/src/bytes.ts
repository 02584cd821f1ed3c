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
