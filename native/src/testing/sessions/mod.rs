//! Whole sessions on a store: requests that overlap, of which none loses an update, brings back an ended session, or makes
//! two of one.

mod interleave;
mod model;
mod races;
mod request;
mod table;
mod turns;

pub use self::interleave::{Interleavings, interleave, sessions_interleave};
pub use self::races::*;
