//! Phases as bytes: for hosts that keep nothing between the phases but bytes, as JavaScript does.
//!
//! What is parked holds the session's values and its id in clear: it is as secret as the session itself. It is read by
//! the version of the library that wrote it, and never stored or sent.
//!
//! ```text
//! pending  0 reason | 1 id, index of the key that opened the cookie
//! session  [its own bytes][header][intent][now][offsets][origin][length of all behind its own bytes, in 2 bytes]
//! origin   0 reason | 1 id, tag, its end, whether it is current, 0 | 1 the successor's id and tag
//! ```

use super::Manager;
use super::open::{OpenedCookie, Pending};
use crate::buffer::{Buffer, Full};
use crate::held::Held;
use crate::id::{self, SessionId};
use crate::primitives::Secret;
use crate::record::fields::{FieldReader, FieldWriter};
use crate::record::{Unreadable, header};
use crate::session::{Intent, Offsets, Origin, Reason, Session, SessionError, State, Stored, Successor};
use crate::store::{TAG_LENGTH, Tag};
use crate::time::UnixTime;
use crate::value::Flaw;
use crate::value::wire::widen;

/// Bytes of the length at the end of a parked session.
const LENGTH: usize = 2;

/// The most bytes of it before that: the header, the intent, eight numbers, two ids and their tags, four bytes that say what is there.
const MAX_FIELDS: usize = header::MAX_LENGTH + 1 + 8 * 10 + 2 * (2 + id::MAX_LENGTH + TAG_LENGTH) + 4;

const REASONS: [Reason; 6] = [
    Reason::NoCookie,
    Reason::BadCookie,
    Reason::Missing,
    Reason::Expired,
    Reason::Unreadable,
    Reason::ClockAhead,
];

impl Pending {
    /// Appends the phase to `out`, to be taken up by [`Manager::unpark_pending`].
    ///
    /// # Errors
    /// [`Full`] if it does not fit: 160 bytes are always enough.
    pub fn park<B: Buffer + ?Sized>(&self, out: &mut B) -> Result<(), Full> {
        append(out, |fields| match &self.cookie {
            Err(reason) => write_reason(fields, *reason),
            Ok(cookie) => {
                fields.flag(true);
                write_id(fields, &cookie.id);
                fields.number(widen(cookie.ring_index));
            }
        })?;
        Ok(())
    }
}

impl<B: Buffer> Session<B> {
    /// Appends the session to `out`, to be taken up by [`Manager::unpark`].
    ///
    /// # Errors
    /// [`Full`] if it does not fit: 600 bytes more than the session's own are always enough.
    pub fn park<O: Buffer + ?Sized>(&self, out: &mut O) -> Result<(), Full> {
        out.try_append(self.data.buffer().as_ref())?;
        let length = append(out, |fields| {
            self.header.write(fields);
            fields.bytes(&[self.intent.to_bits()]);
            fields.number(self.now.as_secs());
            for offset in self.data.offsets() {
                fields.number(widen(offset));
            }
            match &self.origin {
                Origin::Fresh(reason) => write_reason(fields, *reason),
                Origin::Stored(stored) => {
                    fields.flag(true);
                    write_id(fields, &stored.id);
                    fields.bytes(stored.tag.as_bytes());
                    fields.number(stored.ends_at.as_secs());
                    fields.flag(stored.is_current);
                    fields.flag(stored.successor.is_some());
                    if let Some(successor) = &stored.successor {
                        write_id(fields, &successor.id);
                        fields.bytes(successor.tag.as_bytes());
                    }
                }
            }
        })?;
        out.try_append(&u16::try_from(length).map_err(|_| Full)?.to_le_bytes())
    }
}

impl Manager {
    /// The phase that [`Pending::park`] wrote.
    ///
    /// # Errors
    /// [`SessionError::Value`] if it did not.
    pub fn unpark_pending(&self, parked: &[u8]) -> Result<Pending, SessionError> {
        let mut fields = FieldReader::new(parked);
        let cookie = if fields.flag() {
            let id = read_id(&mut fields)?;
            let key = self.namespace.store_key(&id);
            Ok(OpenedCookie { id, key, ring_index: fields.length() })
        } else {
            Err(read_reason(&mut fields)?)
        };
        check_end(&fields)?;
        Ok(self.pending(cookie))
    }

    /// The session that [`Session::park`] wrote into `parked`, which becomes the session's buffer.
    ///
    /// # Errors
    /// [`SessionError::Value`] if it did not.
    pub fn unpark<B: Buffer>(&self, parked: B) -> Result<Session<B>, SessionError> {
        let mut session = Session::new(parked, self.limit, self.lifetimes, UnixTime::from_secs(0));
        let State { data, header, origin, intent, now, .. } = &mut *session;
        let parked = data.buffer().as_ref();
        let (rest, length) = parked.split_last_chunk::<LENGTH>().ok_or(Flaw::Corrupt)?;
        let end = rest.len().checked_sub(usize::from(u16::from_le_bytes(*length))).ok_or(Flaw::Corrupt)?;
        let mut fields = FieldReader::new(rest.get(end..).unwrap_or_default());
        header.read(&mut fields);
        *intent = Intent::from_bits(fields.byte());
        *now = fields.time();
        let mut offsets = Offsets::default();
        for offset in &mut offsets {
            *offset = fields.length();
        }
        *origin = self.read_origin(&mut fields)?;
        check_end(&fields)?;
        data.take_up(end, offsets);
        Ok(session)
    }

    fn read_origin(&self, fields: &mut FieldReader<'_>) -> Result<Origin, Flaw> {
        if !fields.flag() {
            return Ok(Origin::Fresh(read_reason(fields)?));
        }
        let (id, tag) = (read_id(fields)?, Tag::from_bytes(fields.array()));
        let (ends_at, is_current) = (fields.time(), fields.flag());
        let successor = if fields.flag() {
            Some(Held::new(Successor { id: read_id(fields)?, tag: Tag::from_bytes(fields.array()) }))
        } else {
            None
        };
        let key = self.namespace.store_key(&id);
        Ok(Origin::Stored(Stored { id, key, tag, is_current, ends_at, successor }))
    }
}

/// Appends what `write` writes, and tells its length.
fn append<B: Buffer + ?Sized>(out: &mut B, write: impl FnOnce(&mut FieldWriter<'_>)) -> Result<usize, Full> {
    let mut bytes = Secret::<MAX_FIELDS>::zero();
    let mut fields = FieldWriter::new(bytes.as_mut_slice());
    write(&mut fields);
    let length = fields.finish().map_err(|Unreadable| Full)?;
    out.try_append(bytes.get(..length).unwrap_or_default())?;
    Ok(length)
}

fn write_id(fields: &mut FieldWriter<'_>, id: &SessionId) {
    fields.number(widen(id.as_bytes().len()));
    fields.bytes(id.as_bytes());
}

fn read_id(fields: &mut FieldReader<'_>) -> Result<SessionId, Flaw> {
    let length = fields.length();
    SessionId::from_bytes(fields.bytes(length)).ok_or(Flaw::Corrupt)
}

fn write_reason(fields: &mut FieldWriter<'_>, reason: Reason) {
    let index = REASONS.iter().position(|known| *known == reason).unwrap_or_default();
    fields.bytes(&[0, u8::try_from(index).unwrap_or_default()]);
}

fn read_reason(fields: &mut FieldReader<'_>) -> Result<Reason, Flaw> {
    REASONS.get(usize::from(fields.byte())).copied().ok_or(Flaw::Corrupt)
}

/// Whether everything was there, and nothing else is.
fn check_end(fields: &FieldReader<'_>) -> Result<(), Flaw> {
    if fields.check().is_ok() && fields.len() == 0 { Ok(()) } else { Err(Flaw::Corrupt) }
}
