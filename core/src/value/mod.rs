//! Session values: how one value is written into a session's bytes and read from them.
//!
//! A value describes itself, so that JavaScript reads what Rust wrote and the other way round. The bytes are
//! what the [postcard wire format](https://postcard.jamesmunns.com/wire-format) says of an enum with these
//! variants, in this order: `Null`, `Bool(bool)`, `Int(i64)`, `UInt(u64)`, `Float(f64)`, `Str(String)`,
//! `Bytes(Vec<u8>)`, `Array(Vec<Value>)`, `Map(Vec<(String, Value)>)`. There is no such enum here: [`write()`]
//! and [`read`] go between a type and the bytes directly, and neither needs an allocator. `docs/format.md`
//! has the format byte by byte.
//!
//! # One way to write each value
//!
//! An integer that fits `i64` is an `Int`, a greater one a `UInt`; variable-length integers take as few bytes
//! as possible. What is written otherwise is refused as [`ValueError::Corrupt`]. Maps keep the order in which
//! they were written.
//!
//! # How Rust types are written
//!
//! | type | value |
//! | --- | --- |
//! | `()`, unit struct, `None` | `Null` |
//! | `bool` | `Bool` |
//! | integers of all widths, if they fit 64 bits | `Int`, or `UInt` |
//! | `f64`, `f32` (extended exactly) | `Float` |
//! | `str`, `char` | `Str` |
//! | bytes (`serialize_bytes`, as of `serde_bytes`) | `Bytes` |
//! | sequence, tuple, tuple struct, and so `Vec<u8>` | `Array` |
//! | map, struct | `Map` |
//! | `Some(value)`, newtype struct | as what it holds |
//! | unit variant | `Str`: the variant's name |
//! | other variants | `Map` of one entry: the variant's name and its payload |
//! | key of a map | text; integers in decimal, `bool`, `char` and unit variants as their text |
//!
//! Types that have a textual and a binary form (UUIDs, dates, IP addresses) take the textual one
//! (`is_human_readable` is true), since that is the form that a JavaScript reader can use.
//!
//! `Some(None)` is written like `None` and reads as `None`, as in JSON.
//!
//! # What is read more widely than it is written
//!
//! - Integers convert between widths as long as the value fits.
//! - A float is read from an integer that it represents exactly, since JavaScript does not tell 3 from 3.0.
//!   An integer is not read from a Float.
//! - Bytes are also read as a sequence of `u8`, so that a `Vec<u8>` or `[u8; N]` reads a `Uint8Array`; and
//!   the other way round.
//! - A unit variant is also read from a Map of its name and Null.
//!
//! # Example
//!
//! ```
//! use fastsession_core::value::{self, Kind};
//!
//! let mut buffer = heapless::Vec::<u8, 64>::new();
//! value::write("Ada", &mut buffer, 64)?;
//! assert_eq!(buffer, b"\x05\x03Ada");
//! assert_eq!(value::kind(&buffer)?, Kind::Str);
//! let name: &str = value::read(&buffer)?; // borrowed from the buffer
//! assert_eq!(name, "Ada");
//! # Ok::<(), value::ValueError>(())
//! ```

mod access;
mod de;
mod entries;
mod error;
mod key;
mod kind;
mod limits;
mod ser;
#[cfg(test)]
mod tests;
pub(crate) mod wire;
pub(crate) mod writer;

pub use de::read;
pub(crate) use error::Flaw;
pub use error::ValueError;
pub use kind::{Kind, kind};
pub(crate) use limits::skip_in;
pub use limits::{MAX_DEPTH, skip, validate};
pub use ser::write;
