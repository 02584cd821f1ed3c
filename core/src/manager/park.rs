//! Phases as bytes: for hosts that keep nothing between the phases but bytes, as JavaScript does.
//!
//! What is parked holds the session's values and its id in clear: it is as secret as the session itself. It is read by
//! the version of the library that wrote it, and never stored or sent.
//!
//! ```text
//! pending  0 reason | 1 id, index of the key that opened the cookie
//! session  [its own bytes][header][intent][now][offsets][origin][length of all behind its own bytes, in 2 bytes]
//! origin   0 reason | 1 id, tag, its end, whether it is current, 0 | 1 the record's key, 0 | 1 the successor's id and tag
//! ```

use super::Manager;
use super::open::{OpenedCookie, Pending};
use crate::buffer::{Buffer, Full};
use crate::held::Held;
use crate::id::SessionId;
use crate::primitives::{self, Secret};
use crate::record::Unreadable;
use crate::session::{Intent, Offsets, Origin, Reason, Session, SessionError, State, Stored, Successor};
use crate::store::Tag;
use crate::time::UnixTime;
use crate::token::{LIGHT_KEY_LENGTH, LightKey};
use crate::value::Flaw;
use crate::value::wire::widen;

/// Bytes of the length at the end of a parked session.
const LENGTH: usize = 2;

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
        match &self.cookie {
            Err(reason) => write_reason(out, *reason),
            Ok(cookie) => {
                out.try_append(&[1])?;
                write_id(out, &cookie.id)?;
                write_number(out, widen(cookie.ring_index))
            }
        }
    }
}

impl<B: Buffer> Session<B> {
    /// Appends the session to `out`, to be taken up by [`Manager::unpark`].
    ///
    /// # Errors
    /// [`Full`] if it does not fit: 600 bytes more than the session's own are always enough.
    pub fn park<O: Buffer + ?Sized>(&self, out: &mut O) -> Result<(), Full> {
        out.try_append(self.data.buffer().as_ref())?;
        let start = out.len();
        out.try_append(self.header.encode(&mut Secret::zero()).map_err(|Unreadable| Full)?)?;
        out.try_append(&[self.intent.to_bits()])?;
        write_number(out, self.now.as_secs())?;
        for offset in self.data.offsets() {
            write_number(out, widen(offset))?;
        }
        match &self.origin {
            Origin::Fresh(reason) => write_reason(out, *reason)?,
            Origin::Stored(stored) => {
                out.try_append(&[1])?;
                write_record(out, &stored.id, stored.tag)?;
                write_number(out, stored.ends_at.as_secs())?;
                out.try_append(&[u8::from(stored.is_current), u8::from(self.record_key.is_some())])?;
                if let Some(key) = &self.record_key {
                    out.try_append(key.to_bytes().as_slice())?;
                }
                out.try_append(&[u8::from(stored.successor.is_some())])?;
                if let Some(successor) = &stored.successor {
                    write_record(out, &successor.id, successor.tag)?;
                }
            }
        }
        let length = u16::try_from(out.len().saturating_sub(start)).map_err(|_| Full)?;
        out.try_append(&length.to_le_bytes())
    }
}

impl Manager {
    /// The phase that [`Pending::park`] wrote.
    ///
    /// # Errors
    /// [`SessionError::Value`] if it did not.
    pub fn unpark_pending(&self, parked: &[u8]) -> Result<Pending, SessionError> {
        let mut parked = Parked::new(parked);
        let cookie = if parked.flag() {
            let id = parked.id()?;
            let key = self.namespace.store_key(&id);
            Ok(OpenedCookie { id, key, ring_index: parked.length() })
        } else {
            Err(parked.reason()?)
        };
        parked.check()?;
        Ok(self.pending(cookie))
    }

    /// The session that [`Session::park`] wrote into `parked`, which becomes the session's buffer.
    ///
    /// # Errors
    /// [`SessionError::Value`] if it did not.
    pub fn unpark<B: Buffer>(&self, parked: B) -> Result<Session<B>, SessionError> {
        let mut session = Session::new(parked, self.limit, self.lifetimes, UnixTime::from_secs(0));
        let State { data, header, origin, record_key, intent, now, .. } = &mut *session;
        let parked = data.buffer().as_ref();
        let (rest, length) = parked.split_last_chunk::<LENGTH>().ok_or(Flaw::Corrupt)?;
        let end = rest.len().checked_sub(usize::from(u16::from_le_bytes(*length))).ok_or(Flaw::Corrupt)?;
        let facts = rest.get(end..).unwrap_or_default();
        let length = header.decode(facts).map_err(|Unreadable| Flaw::Corrupt)?;
        let mut parked = Parked::new(facts.get(length..).unwrap_or_default());
        *intent = Intent::from_bits(parked.byte());
        *now = parked.time();
        let mut offsets = Offsets::default();
        for offset in &mut offsets {
            *offset = parked.length();
        }
        *origin = self.read_origin(&mut parked, record_key)?;
        parked.check()?;
        data.take_up(end, offsets);
        Ok(session)
    }

    fn read_origin(
        &self,
        parked: &mut Parked<'_>,
        record_key: &mut Option<LightKey>,
    ) -> Result<Origin, Flaw> {
        if !parked.flag() {
            return Ok(Origin::Fresh(parked.reason()?));
        }
        let (id, tag) = (parked.id()?, Tag::from_bytes(parked.array()));
        let (ends_at, is_current) = (parked.time(), parked.flag());
        *record_key =
            parked.flag().then(|| LightKey::from_bytes(&Secret::<LIGHT_KEY_LENGTH>::new(parked.array())));
        let successor = if parked.flag() {
            Some(Held::new(Successor { id: parked.id()?, tag: Tag::from_bytes(parked.array()) }))
        } else {
            None
        };
        let key = self.namespace.store_key(&id);
        Ok(Origin::Stored(Stored { id, key, tag, is_current, ends_at, successor }))
    }
}

fn write_number<B: Buffer + ?Sized>(out: &mut B, number: u64) -> Result<(), Full> {
    out.try_append(&number.to_le_bytes())
}

fn write_id<B: Buffer + ?Sized>(out: &mut B, id: &SessionId) -> Result<(), Full> {
    let id = id.as_bytes();
    out.try_append(&[u8::try_from(id.len()).map_err(|_| Full)?])?;
    out.try_append(id)
}

fn write_record<B: Buffer + ?Sized>(out: &mut B, id: &SessionId, tag: Tag) -> Result<(), Full> {
    write_id(out, id)?;
    out.try_append(tag.as_bytes())
}

fn write_reason<B: Buffer + ?Sized>(out: &mut B, reason: Reason) -> Result<(), Full> {
    let index = REASONS.iter().position(|known| *known == reason).unwrap_or_default();
    out.try_append(&[0, u8::try_from(index).unwrap_or_default()])
}

/// Reads what was parked, in plain fields of a fixed length. What is not there reads as zero, and is told of once, by
/// [`Self::check`]: few fields can be wrong by themselves.
struct Parked<'a> {
    rest: &'a [u8],
    is_whole: bool,
}

impl<'a> Parked<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, is_whole: true }
    }

    #[inline(never)]
    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            self.is_whole = false;
            return &[];
        };
        self.rest = rest;
        bytes
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        primitives::copy(self.bytes(N), &mut array);
        array
    }

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    fn flag(&mut self) -> bool {
        self.byte() != 0
    }

    #[inline(never)]
    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    fn time(&mut self) -> UnixTime {
        UnixTime::from_secs(self.number())
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX)
    }

    fn id(&mut self) -> Result<SessionId, Flaw> {
        let length = self.byte().into();
        SessionId::from_bytes(self.bytes(length)).ok_or(Flaw::Corrupt)
    }

    fn reason(&mut self) -> Result<Reason, Flaw> {
        REASONS.get(usize::from(self.byte())).copied().ok_or(Flaw::Corrupt)
    }

    /// Whether everything was there, and nothing else is.
    fn check(&self) -> Result<(), Flaw> {
        if self.is_whole && self.rest.is_empty() { Ok(()) } else { Err(Flaw::Corrupt) }
    }
}
