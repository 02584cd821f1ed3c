/** The kinds of values, by their numbers in docs/format.md. */
export const enum Kind {
  Null,
  Bool,
  Int,
  UInt,
  Float,
  Str,
  Bytes,
  Array,
  Map,
}
