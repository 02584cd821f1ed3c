//! The owner's list: which sessions a user has.

use rand_core::CryptoRng;

use super::Manager;
use super::commit::STORE_GRACE;
use crate::buffer::Buffer;
use crate::held::Held;
use crate::record::Kind;
use crate::record::fields::{FieldReader, FieldWriter};
use crate::session::{MAX_LABEL_LENGTH, Session};
use crate::store::{Filing, OwnerKey, StoreKey};
use crate::time::UnixTime;
use crate::token::{InvalidToken, PREFIX, RingKey, TokenKey, sealed_len};
use crate::value::wire::widen;

/// What the hash of an owner's name is for.
const OWNER_PURPOSE: &[u8] = b"fastsession owner 1";
/// What the key of a listing entry is for.
const LISTING_PURPOSE: &[u8] = b"fastsession listing 1";

/// Kind, version, two times, the length of the label in two bytes, the label.
const MAX_PLAIN: usize = 2 + 10 + 10 + 2 + MAX_LABEL_LENGTH;

/// The most bytes of a sealed listing entry: what a store of fixed capacity needs beside a record.
pub const MAX_LISTING_LENGTH: usize = sealed_len(MAX_PLAIN);

/// What an owner's list shows of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// When the session's lifetime began: at the sign-in.
    pub created: UnixTime,
    /// The last request that was written down.
    pub last_seen: UnixTime,
    /// What [`Session::set_label`] set.
    pub label: heapless::String<MAX_LABEL_LENGTH>,
}

/// A sealed listing entry on its way to the store.
pub(crate) struct Filed {
    owner: OwnerKey,
    entry: heapless::Vec<u8, MAX_LISTING_LENGTH>,
    is_new: bool,
    until: UnixTime,
}

impl Filed {
    pub(crate) fn filing(&self) -> Filing<'_> {
        Filing { owner: self.owner, entry: &self.entry, is_new: self.is_new, until: self.until }
    }
}

impl Manager {
    /// The names under which `owner`'s sessions are filed: one for each key of the ring, the newest first.
    ///
    /// A host that lists or ends the owner's sessions asks the store for each of them.
    pub fn owner_keys(&self, owner: &str) -> impl Iterator<Item = OwnerKey> {
        self.ring.keys().map(move |key| self.owner_key(key, owner))
    }

    /// Opens the entry that a store's listing gave for the record under `key`; `None` if it is not one of ours, or is written in
    /// another way than the one that we write.
    pub fn open_listing(&self, key: &StoreKey, entry: &[u8]) -> Option<Listing> {
        let mut bytes = heapless::Vec::<u8, MAX_LISTING_LENGTH>::from_slice(entry).ok()?;
        let mut plain = Err(InvalidToken);
        for ring_key in self.ring.keys() {
            plain = self.listing_key(ring_key, key).open_in_place(&mut bytes);
            if plain.is_ok() {
                break;
            }
        }
        let plain = plain.ok()?;
        let mut fields = FieldReader::new(bytes.get(plain)?);
        fields.begin(Kind::Listing);
        let (created, last_seen, length) = (fields.time(), fields.time(), fields.number());
        fields.check().ok()?;
        let label = core::str::from_utf8(fields.rest()).ok().filter(|label| widen(label.len()) == length)?;
        Some(Listing { created, last_seen, label: heapless::String::try_from(label).ok()? })
    }

    /// The listing entry of a session that is about to be stored under `key`; `None` if nobody owns it.
    pub(super) fn file<B: Buffer>(
        &self,
        session: &Session<B>,
        key: &StoreKey,
        is_new: bool,
        now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Option<Held<Filed>> {
        let newest = self.ring.newest();
        let owner = self.owner_key(newest, session.owner()?);
        let label = session.label();
        let mut entry = heapless::Vec::new();
        entry.resize(MAX_LISTING_LENGTH, 0).ok()?;
        let mut fields = FieldWriter::new(entry.get_mut(PREFIX..)?);
        fields.begin(Kind::Listing);
        for number in
            [session.header.created.as_secs(), session.header.last_seen.as_secs(), widen(label.len())]
        {
            fields.number(number);
        }
        fields.bytes(label.as_bytes());
        let length = fields.finish().ok()?;
        entry.truncate(sealed_len(length));
        let mut iv = [0; 16];
        rng.fill_bytes(&mut iv);
        self.listing_key(newest, key).seal_in_place(&mut entry, length, now, iv).ok()?;
        let until = session.header.ends_at(self.lifetimes).after(STORE_GRACE);
        Some(Held::new(Filed { owner, entry, is_new, until }))
    }

    /// HKDF-Expand(PRK, "fastsession owner 1" ‖ length of the namespace in 2 bytes ‖ namespace ‖ owner).
    fn owner_key(&self, ring_key: &RingKey, owner: &str) -> OwnerKey {
        let namespace = self.namespace.prefixed();
        OwnerKey::from_bytes(&ring_key.subkey(&[OWNER_PURPOSE, namespace, owner.as_bytes()]))
    }

    /// HKDF-Expand(PRK, "fastsession listing 1" ‖ length of the namespace in 2 bytes ‖ namespace ‖ store key).
    fn listing_key(&self, ring_key: &RingKey, key: &StoreKey) -> TokenKey {
        let namespace = self.namespace.prefixed();
        TokenKey::new(&ring_key.subkey(&[LISTING_PURPOSE, namespace, key.to_hex().as_bytes()]))
    }
}
