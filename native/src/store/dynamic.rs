//! Any store behind one type, so that what uses a store is not generic over it.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use fastsession_core::store::{Condition, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;

use super::{Capabilities, Filed, MemoryStore, Progress, Put, Stats, Store, StoreError};

/// Any [`Store`]. Clones are the same store.
///
/// It costs one allocation an operation, for the future; the memory store, which never waits, costs none.
#[derive(Clone)]
pub struct DynStore(Kind);

#[derive(Clone)]
enum Kind {
    Memory(MemoryStore),
    Other(Arc<dyn Erased>),
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`Store`] with its futures boxed, so that it can be a trait object.
trait Erased: Send + Sync + 'static {
    fn engine(&self) -> &'static str;
    fn capabilities(&self) -> Capabilities;
    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Vec<u8>>>;
    fn put<'a>(&'a self, put: Put<'a>) -> Answer<'a, Outcome>;
    fn delete<'a>(&'a self, key: &'a StoreKey, condition: Condition) -> Answer<'a, Outcome>;
    fn list<'a>(&'a self, owner: &'a OwnerKey) -> Answer<'a, Vec<Filed>>;
    fn delete_owned<'a>(&'a self, owner: &'a OwnerKey, which: Which) -> Answer<'a, u64>;
    fn purge_expired<'a>(&'a self, now: UnixTime, progress: &'a Progress) -> Answer<'a, u64>;
    fn stats<'a>(&'a self, progress: &'a Progress) -> Answer<'a, Stats>;
}

impl<S: Store> Erased for S {
    fn engine(&self) -> &'static str {
        Store::engine(self)
    }

    fn capabilities(&self) -> Capabilities {
        Store::capabilities(self)
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(Store::get(self, key))
    }

    fn put<'a>(&'a self, put: Put<'a>) -> Answer<'a, Outcome> {
        Box::pin(Store::put(self, put))
    }

    fn delete<'a>(&'a self, key: &'a StoreKey, condition: Condition) -> Answer<'a, Outcome> {
        Box::pin(Store::delete(self, key, condition))
    }

    fn list<'a>(&'a self, owner: &'a OwnerKey) -> Answer<'a, Vec<Filed>> {
        Box::pin(Store::list(self, owner))
    }

    fn delete_owned<'a>(&'a self, owner: &'a OwnerKey, which: Which) -> Answer<'a, u64> {
        Box::pin(Store::delete_owned(self, owner, which))
    }

    fn purge_expired<'a>(&'a self, now: UnixTime, progress: &'a Progress) -> Answer<'a, u64> {
        Box::pin(Store::purge_expired(self, now, progress))
    }

    fn stats<'a>(&'a self, progress: &'a Progress) -> Answer<'a, Stats> {
        Box::pin(Store::stats(self, progress))
    }
}

impl DynStore {
    /// Any store. (A `DynStore` is not wrapped once more.)
    pub fn new<S: Store>(store: S) -> Self {
        let any: &dyn Any = &store;
        if let Some(wrapped) = any.downcast_ref::<Self>() {
            return wrapped.clone();
        }
        match any.downcast_ref::<MemoryStore>() {
            Some(memory) => Self(Kind::Memory(memory.clone())),
            None => Self(Kind::Other(Arc::new(store))),
        }
    }
}

impl DynStore {
    /// The store if it never has to be waited for.
    pub(crate) fn at_once(&self) -> Option<&MemoryStore> {
        match &self.0 {
            Kind::Memory(store) => Some(store),
            Kind::Other(_) => None,
        }
    }
}

impl Store for DynStore {
    fn engine(&self) -> &'static str {
        match &self.0 {
            Kind::Memory(store) => Store::engine(store),
            Kind::Other(store) => store.engine(),
        }
    }

    fn capabilities(&self) -> Capabilities {
        match &self.0 {
            Kind::Memory(store) => Store::capabilities(store),
            Kind::Other(store) => store.capabilities(),
        }
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.0 {
            Kind::Memory(store) => Store::get(store, key).await,
            Kind::Other(store) => store.get(key).await,
        }
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        match &self.0 {
            Kind::Memory(store) => Store::put(store, put).await,
            Kind::Other(store) => store.put(put).await,
        }
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        match &self.0 {
            Kind::Memory(store) => Store::delete(store, key, condition).await,
            Kind::Other(store) => store.delete(key, condition).await,
        }
    }

    async fn list(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        match &self.0 {
            Kind::Memory(store) => Store::list(store, owner).await,
            Kind::Other(store) => store.list(owner).await,
        }
    }

    async fn delete_owned(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        match &self.0 {
            Kind::Memory(store) => Store::delete_owned(store, owner, which).await,
            Kind::Other(store) => store.delete_owned(owner, which).await,
        }
    }

    async fn purge_expired(&self, now: UnixTime, progress: &Progress) -> Result<u64, StoreError> {
        match &self.0 {
            Kind::Memory(store) => Store::purge_expired(store, now, progress).await,
            Kind::Other(store) => store.purge_expired(now, progress).await,
        }
    }

    async fn stats(&self, progress: &Progress) -> Result<Stats, StoreError> {
        match &self.0 {
            Kind::Memory(store) => Store::stats(store, progress).await,
            Kind::Other(store) => store.stats(progress).await,
        }
    }
}

impl fmt::Debug for DynStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynStore({})", Store::engine(self))
    }
}
