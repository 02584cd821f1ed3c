//! The request as values: each phase is a value that the next one consumes.
//!
//! ```text
//! open     the Cookie headers            -> Pending      says which record to read
//! resume   Pending, the record           -> Session      to be read and changed
//! commit   Session                       -> Commit       yields the writes, one by one
//! conflict Commit, the fresh record      -> Session      to be committed again, or a Commit to go on with
//! finish   Commit                        -> Finished     yields the Set-Cookie headers
//! ```
//!
//! The host reads, writes and tells the time; all decisions are made here.

mod commit;
mod config;
mod conflict;
mod finish;
mod open;
mod owners;
mod park;
mod placement;
mod resume;
mod settle;
// Two lines, since clippy knows a module of tests by the first one only.
#[cfg(test)]
#[cfg(feature = "alloc")]
mod tests;

pub use crate::record::seal::MAX_NAMESPACE_LENGTH;
pub use commit::{Commit, CommitError};
pub use config::{Builder, ConfigError, MAX_LIMIT, MIN_LIMIT};
pub use conflict::Conflict;
pub use finish::{Finished, SetCookie};
pub use open::Pending;
pub(crate) use owners::Filed;
pub use owners::{Listing, MAX_LISTING_LENGTH};
pub use placement::{Placement, Sources};

use crate::cookie::{Attributes, MAX_TEXT};
use crate::id::SessionId;
use crate::record::header::Lifetimes;
use crate::record::seal::{Namespace, RecordRoots};
use crate::token::KeyRing;

/// Decides everything about sessions that is the same for every request. It is made once, by [`Manager::builder`].
pub struct Manager {
    ring: KeyRing,
    namespace: Namespace,
    /// Of this ring, in this namespace.
    record_roots: RecordRoots,
    cookie: Attributes,
    /// Whether cookies outlive the browser, also where the session has no absolute timeout of its own.
    is_persistent: bool,
    lifetimes: Lifetimes,
    limit: usize,
    placement: Placement,
    data_name: DataName,
    has_owners: bool,
    make_id: fn([u8; 32]) -> SessionId,
}

/// The name of the data cookie.
type DataName = heapless::String<{ MAX_TEXT + placement::DATA_SUFFIX.len() }>;

/// Shows the settings, no keys.
impl core::fmt::Debug for Manager {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Manager")
            .field("cookie", &self.cookie)
            .field("lifetimes", &self.lifetimes)
            .field("limit", &self.limit)
            .field("placement", &self.placement)
            .finish_non_exhaustive()
    }
}
