/** What a session can hold, as types. */

/**
 * What a session can hold: what JSON can, and `Uint8Array`, and `bigint`. A field that is `undefined` is left out.
 *
 * Integers are read as a `number` up to ±(2^53 - 1) and as a `bigint` beyond, whichever they were stored as: a field for large
 * ones is `number | bigint`.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value | undefined };

/** `T` where it is a {@link Value}; an interface is one too if its fields are. What is `unknown` is checked when it is stored. */
export type Storable<T> = unknown extends T
  ? T
  : T extends Value | undefined
    ? T
    : T extends symbol | ((...args: never) => unknown)
      ? never
      : T extends readonly (infer Item)[]
        ? undefined extends Item
          ? never
          : { [Place in keyof T]: Storable<T[Place]> }
        : { [Field in keyof T]: Storable<T[Field]> };

/** What a session's data must be: an object whose fields are {@link Storable}. */
export type DataOf<Data> = object & { [Key in keyof Data]: Storable<Data[Key]> };

/** The names of the fields of a session's data. */
export type KeyOf<Data> = keyof Data & string;
