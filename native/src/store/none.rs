//! The store of sessions that are in no store.

use fastsession_core::store::{Condition, Outcome, StoreKey};

use super::{Capabilities, Put, Store, StoreError};

/// Stands where a manager has a store, for sessions that are kept in a cookie alone. It is never read or written by a
/// request, and says so to whoever asks it for more.
pub(crate) struct NoStore;

const ENGINE: &str = "no";

impl Store for NoStore {
    fn engine(&self) -> &'static str {
        ENGINE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { consistent: true, owners: false, self_purging: true }
    }

    async fn get(&self, _: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        Err(StoreError::unsupported(ENGINE, "get"))
    }

    async fn put(&self, _: Put<'_>) -> Result<Outcome, StoreError> {
        Err(StoreError::unsupported(ENGINE, "put"))
    }

    async fn delete(&self, _: &StoreKey, _: Condition) -> Result<Outcome, StoreError> {
        Err(StoreError::unsupported(ENGINE, "delete"))
    }
}
