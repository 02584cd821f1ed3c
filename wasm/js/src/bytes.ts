/** Bytes, in whatever realm their array was made: `instanceof` knows those of its own realm only. */

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
/** Gives a typed array's own name, which nobody can forge; `undefined` for anything else. */
const nameOf = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!;

/** No bytes. */
export const NO_BYTES = new Uint8Array(0);

/** Whether it is a `Uint8Array`, as a `Buffer` is. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || nameOf.call(value) === "Uint8Array";
}
