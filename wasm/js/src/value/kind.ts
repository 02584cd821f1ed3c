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
  // These are in messages only: the numbers are the same in wasm/src/message.rs.
  List,
  End,
  Absent,
}
