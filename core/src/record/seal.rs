//! The key of a record, and the name that a store holds it under.

use crate::id::SessionId;
use crate::primitives::Hasher;
use crate::store::StoreKey;
use crate::token::{LightKey, RingKey};

/// What a record's key is for; the number is the version of the derivation.
const PURPOSE: &[u8; 20] = b"fastsession record 1";

/// The most bytes of a namespace.
pub const MAX_NAMESPACE_LENGTH: usize = 128;
const DEFAULT_NAMESPACE: &str = "session";

/// A set of sessions that share a store with others: what store keys and record keys are bound to.
#[derive(Clone)]
pub(crate) struct Namespace {
    /// What the derivation of a record's key begins with: purpose, length of the name in two bytes, name.
    record_info: heapless::Vec<u8, { PURPOSE.len() + 2 + MAX_NAMESPACE_LENGTH }>,
    /// SHA-256 with the namespace and the zero byte already absorbed.
    store_key: Hasher,
}

impl Default for Namespace {
    fn default() -> Self {
        Self::of(DEFAULT_NAMESPACE)
    }
}

impl Namespace {
    /// `None` if the name is empty, over 128 bytes or holds a NUL, which ends it in the hash.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let is_fit = (1..=MAX_NAMESPACE_LENGTH).contains(&name.len()) && name.bytes().all(|byte| byte != 0);
        is_fit.then(|| Self::of(name))
    }

    /// That of a name that is fit.
    fn of(name: &str) -> Self {
        let store_key = Hasher::new().absorb(name.as_bytes()).absorb(&[0]);
        let length = u16::try_from(name.len()).unwrap_or_default().to_be_bytes();
        let mut record_info = heapless::Vec::new();
        for part in [PURPOSE.as_slice(), &length, name.as_bytes()] {
            // There is room for every name that is fit.
            let _ = record_info.extend_from_slice(part);
        }
        Self { record_info, store_key }
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
        LightKey::new(&ring_key.subkey(&[&self.record_info, id.as_bytes()]))
    }

    /// The name's length in two bytes, big-endian, and the name.
    pub(crate) fn prefixed(&self) -> &[u8] {
        self.record_info.get(PURPOSE.len()..).unwrap_or_default()
    }
}
