//! Phases as bytes: for hosts that keep nothing between the phases but bytes, as JavaScript does.
//!
//! What is parked holds the session's values and its id in clear: it is as secret as the session itself. It is read by
//! the version of the library that wrote it, and never stored or sent.

use super::Manager;
use super::open::{OpenedCookie, Pending};
use crate::buffer::Buffer;
use crate::id::SessionId;
use crate::record::header::Header;
use crate::session::{Data, Intent, Offsets, Origin, Reason, Session, SessionError, Stored, Successor};
use crate::store::Tag;
use crate::time::UnixTime;
use crate::value::ValueError;

/// Bytes of the length that stands at the end of a parked session.
const LENGTH: usize = 2;
/// The most bytes of what stands behind a session's own bytes: its facts, two ids, two tags, offsets and times.
const MAX_FACTS: usize = 640;

/// What is parked of a session, behind its own bytes.
type Facts<'a, H> = (H, ParkedOrigin<'a>, Intent, UnixTime, Offsets);
/// Id, tag, whether it is current, and the successor.
type ParkedOrigin<'a> = Result<(&'a [u8], [u8; 32], bool, Option<(&'a [u8], [u8; 32])>), Reason>;
/// Id, and the index of the key that opened the cookie.
type ParkedPending<'a> = Result<(&'a [u8], usize), Reason>;

impl Pending {
    /// Appends the phase to `out`, to be taken up by [`Manager::unpark_pending`].
    ///
    /// # Errors
    /// [`SessionError::Value`] if it does not fit: 160 bytes are always enough.
    pub fn park<B: Buffer + ?Sized>(&self, out: &mut B) -> Result<(), SessionError> {
        let parked: ParkedPending<'_> = match &self.cookie {
            Ok(cookie) => Ok((cookie.id.as_bytes(), cookie.ring_index)),
            Err(reason) => Err(*reason),
        };
        let mut bytes = zeroize::Zeroizing::new([0; 160]);
        let parked = postcard::to_slice(&parked, bytes.as_mut_slice()).map_err(|_| ValueError::Corrupt)?;
        append(out, parked)
    }
}

impl<B: Buffer> Session<B> {
    /// Appends the session to `out`, to be taken up by [`Manager::unpark`].
    ///
    /// # Errors
    /// [`SessionError::Value`] if it does not fit: 700 bytes more than its own are always enough.
    pub fn park<O: Buffer + ?Sized>(&self, out: &mut O) -> Result<(), SessionError> {
        let origin: ParkedOrigin<'_> = match &self.origin {
            Origin::Fresh(reason) => Err(*reason),
            Origin::Stored(stored) => {
                let successor = stored.successor.as_ref();
                let successor = successor.map(|next| (next.id.as_bytes(), *next.tag.as_bytes()));
                Ok((stored.id.as_bytes(), *stored.tag.as_bytes(), stored.is_current, successor))
            }
        };
        let facts: Facts<'_, &Header> = (&self.header, origin, self.intent, self.now, self.data.offsets());
        let mut bytes = zeroize::Zeroizing::new([0; MAX_FACTS]);
        let facts = postcard::to_slice(&facts, bytes.as_mut_slice()).map_err(|_| ValueError::Corrupt)?;
        let length = u16::try_from(facts.len()).map_err(|_| ValueError::Corrupt)?;
        append(out, self.data.buffer().as_ref())?;
        append(out, facts)?;
        append(out, &length.to_le_bytes())
    }
}

impl Manager {
    /// The phase that [`Pending::park`] wrote.
    ///
    /// # Errors
    /// [`ValueError::Corrupt`] if it did not.
    pub fn unpark_pending(&self, parked: &[u8]) -> Result<Pending, ValueError> {
        let parked: ParkedPending<'_> = postcard::from_bytes(parked).map_err(|_| ValueError::Corrupt)?;
        Ok(self.pending(match parked {
            Ok((id, ring_index)) => {
                let id = SessionId::from_bytes(id).ok_or(ValueError::Corrupt)?;
                let key = self.namespace.store_key(&id);
                Ok(OpenedCookie { id, key, ring_index })
            }
            Err(reason) => Err(reason),
        }))
    }

    /// The session that [`Session::park`] wrote into `parked`, which becomes the session's buffer.
    ///
    /// # Errors
    /// [`ValueError::Corrupt`] if it did not.
    pub fn unpark<B: Buffer>(&self, mut parked: B) -> Result<Session<B>, ValueError> {
        let (header, origin, intent, now, offsets, length) = self.read_facts(parked.as_ref())?;
        parked.truncate(length);
        let data = Data::at(parked, self.limit, offsets);
        Ok(Session { data, header, origin, intent, now, lifetimes: self.lifetimes, event: None })
    }

    fn read_facts(
        &self,
        parked: &[u8],
    ) -> Result<(Header, Origin, Intent, UnixTime, Offsets, usize), ValueError> {
        let (rest, length) = parked.split_last_chunk::<LENGTH>().ok_or(ValueError::Corrupt)?;
        let own = rest.len().checked_sub(usize::from(u16::from_le_bytes(*length)));
        let own = own.ok_or(ValueError::Corrupt)?;
        let facts = rest.get(own..).unwrap_or_default();
        let facts: Facts<'_, Header> = postcard::from_bytes(facts).map_err(|_| ValueError::Corrupt)?;
        let (header, origin, intent, now, offsets) = facts;
        let id = |bytes| SessionId::from_bytes(bytes).ok_or(ValueError::Corrupt);
        let origin = match origin {
            Err(reason) => Origin::Fresh(reason),
            Ok((bytes, tag, is_current, successor)) => {
                let successor = match successor {
                    Some((bytes, tag)) => Some(Successor { id: id(bytes)?, tag: Tag::from_bytes(tag) }),
                    None => None,
                };
                let id = id(bytes)?;
                let key = self.namespace.store_key(&id);
                Origin::Stored(Stored { id, key, tag: Tag::from_bytes(tag), is_current, successor })
            }
        };
        Ok((header, origin, intent, now, offsets, own))
    }
}

fn append<B: Buffer + ?Sized>(out: &mut B, bytes: &[u8]) -> Result<(), SessionError> {
    let at_least = out.len().saturating_add(bytes.len());
    let full = ValueError::Full { at_least, limit: out.max_capacity() };
    out.try_append(bytes).map_err(|_| full.into())
}
