//! HTTP cookies: reading `Cookie` headers and writing `Set-Cookie` (RFC 6265bis). Knows no session.

mod attributes;
mod parse;
pub(crate) mod set;

pub use attributes::{Attributes, AttributesError, MAX_TEXT, SameSite};
pub use parse::{MAX_HEADER_BYTES, Values, values};
