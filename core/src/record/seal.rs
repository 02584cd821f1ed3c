//! The key of a record, and the name that a store holds it under.

use crate::id::SessionId;
use crate::primitives::{Hasher, KDF_LABEL_LENGTH, OneStepKdf};
use crate::store::StoreKey;
#[cfg(not(feature = "alloc"))]
use crate::token::MAX_KEYS;
use crate::token::{KeyRing, RecordKey, RingKey};

/// What records' keys are for; the number is the version of the derivation.
const PURPOSE: &[u8] = b"fastsession record 1";
/// What a record's key is derived from the root for.
const LABEL: &[u8; KDF_LABEL_LENGTH] = b"fastsession keys of record 1";

/// The most bytes of a namespace.
pub const MAX_NAMESPACE_LENGTH: usize = 128;
const DEFAULT_NAMESPACE: &str = "session";

/// A set of sessions that share a store with others: what store keys and record keys are bound to.
#[derive(Clone)]
pub(crate) struct Namespace {
    /// The name's length in two bytes, big-endian, and the name.
    prefixed: heapless::Vec<u8, { 2 + MAX_NAMESPACE_LENGTH }>,
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
        let mut prefixed = heapless::Vec::new();
        for part in [&length, name.as_bytes()] {
            // There is room for every name that is fit.
            let _ = prefixed.extend_from_slice(part);
        }
        Self { prefixed, store_key }
    }

    /// SHA-256(namespace ‖ 0 ‖ id).
    pub(crate) fn store_key(&self, id: &SessionId) -> StoreKey {
        StoreKey::from_bytes(&self.store_key.hash(&[id.as_bytes()]))
    }

    /// SHA-256(namespace ‖ 0 ‖ "ended" ‖ 0 ‖ id): no id begins like that, since none has a NUL.
    pub(crate) fn ended_key(&self, id: &SessionId) -> StoreKey {
        StoreKey::from_bytes(&self.store_key.hash(&[b"ended\0", id.as_bytes()]))
    }

    /// The name's length in two bytes, big-endian, and the name.
    pub(crate) fn prefixed(&self) -> &[u8] {
        &self.prefixed
    }
}

#[cfg(feature = "alloc")]
type Roots = alloc::vec::Vec<RecordRoot>;
#[cfg(not(feature = "alloc"))]
type Roots = heapless::Vec<RecordRoot, { MAX_KEYS - 1 }>;

/// What the keys of a namespace's records are derived from, for each key of a ring.
pub(crate) struct RecordRoots {
    newest: RecordRoot,
    older: Roots,
}

impl RecordRoots {
    pub(crate) fn new(ring: &KeyRing, namespace: &Namespace) -> Self {
        // Room for all at once, as in the ring.
        #[cfg(feature = "alloc")]
        let older = Roots::with_capacity(ring.len());
        #[cfg(not(feature = "alloc"))]
        let older = Roots::new();
        let mut roots = Self { newest: RecordRoot::new(ring.newest(), namespace), older };
        for key in ring.keys().skip(1) {
            let root = RecordRoot::new(key, namespace);
            #[cfg(feature = "alloc")]
            roots.older.push(root);
            // There is room for as many as the ring has.
            #[cfg(not(feature = "alloc"))]
            let _ = roots.older.push(root);
        }
        roots
    }

    /// That of the key that seals.
    pub(crate) fn newest(&self) -> &RecordRoot {
        &self.newest
    }

    /// That of the key at this place in the ring.
    pub(crate) fn get(&self, index: usize) -> Option<&RecordRoot> {
        match index.checked_sub(1) {
            None => Some(&self.newest),
            Some(index) => self.older.get(index),
        }
    }
}

/// A subkey that is derived once, so that a record's key takes one block of SHA-256 whatever the namespace.
pub(crate) struct RecordRoot(OneStepKdf);

impl RecordRoot {
    /// HKDF-Expand(PRK, "fastsession record 1" ‖ length of the namespace in 2 bytes ‖ namespace).
    fn new(ring_key: &RingKey, namespace: &Namespace) -> Self {
        Self(OneStepKdf::new(&ring_key.subkey(&[PURPOSE, &namespace.prefixed]), LABEL))
    }

    /// SHA-256(00000001 ‖ root ‖ "fastsession keys of record 1" ‖ id).
    pub(crate) fn record_key(&self, id: &SessionId) -> RecordKey {
        RecordKey::new(&self.0.derive(id.as_bytes()))
    }
}
