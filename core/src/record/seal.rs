//! The key of a record, and the name that a store holds it under.

use crate::id::SessionId;
use crate::primitives::Hasher;
use crate::store::StoreKey;
use crate::token::{LightKey, RingKey};

/// What a record's key is for; the number is the version of the derivation.
const PURPOSE: &[u8] = b"fastsession record 1";

const DEFAULT_NAMESPACE: &str = "session";
/// The most bytes of a namespace.
pub const MAX_NAMESPACE_LENGTH: usize = 128;

/// A set of sessions that share a store with others: what store keys and record keys are bound to.
#[derive(Clone)]
pub(crate) struct Namespace {
    name: heapless::String<MAX_NAMESPACE_LENGTH>,
    /// SHA-256 with the namespace and the zero byte already absorbed.
    store_key: Hasher,
}

impl Default for Namespace {
    fn default() -> Self {
        Self::of(heapless::String::try_from(DEFAULT_NAMESPACE).unwrap_or_default())
    }
}

impl Namespace {
    /// `None` if the name is empty, over 128 bytes or holds a NUL, which ends it in the hash.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let is_fit = !name.is_empty() && name.bytes().all(|byte| byte != 0);
        heapless::String::try_from(name).ok().filter(|_| is_fit).map(Self::of)
    }

    fn of(name: heapless::String<MAX_NAMESPACE_LENGTH>) -> Self {
        let store_key = Hasher::new().absorb(name.as_bytes()).absorb(&[0]);
        Self { name, store_key }
    }

    /// SHA-256(namespace ‖ 0 ‖ id).
    pub(crate) fn store_key(&self, id: &SessionId) -> StoreKey {
        StoreKey::from_bytes(&self.store_key.hash(&[id.as_bytes()]))
    }

    /// SHA-256(namespace ‖ 0 ‖ "ended" ‖ 0 ‖ id): no id begins like that, since none has a NUL.
    pub(crate) fn ended_key(&self, id: &SessionId) -> StoreKey {
        StoreKey::from_bytes(&self.store_key.hash(&[b"ended\0", id.as_bytes()]))
    }

    /// HKDF-Expand(PRK, "fastsession record 1" ‖ length of the namespace in 2 bytes ‖ namespace ‖ id).
    pub(crate) fn record_key(&self, ring_key: &RingKey, id: &SessionId) -> LightKey {
        let (length, name) = self.prefixed();
        LightKey::new(&ring_key.subkey(&[PURPOSE, &length, name, id.as_bytes()]))
    }

    /// The name's length in two bytes, big-endian, and the name.
    pub(crate) fn prefixed(&self) -> ([u8; 2], &[u8]) {
        (u16::try_from(self.name.len()).unwrap_or_default().to_be_bytes(), self.name.as_bytes())
    }
}
