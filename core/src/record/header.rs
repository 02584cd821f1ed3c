//! The fixed fields at the start of a record.

use super::fields::{FieldReader, FieldWriter};
use super::{Kind, Unreadable};
use crate::primitives::Secret;
use crate::time::UnixTime;

/// Bytes of a CSRF secret.
pub(crate) const CSRF_SECRET_LENGTH: usize = 32;

/// The most bytes that a header takes: two plain bytes, three numbers, three optional ones, the optional secret.
pub(crate) const MAX_LENGTH: usize = 2 + 3 * 10 + 3 * 11 + 1 + CSRF_SECRET_LENGTH;

/// A session's own facts.
#[derive(Clone, Default)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub(crate) struct Header {
    /// Counts the writes of this record, over rotations too.
    pub(crate) revision: u64,
    /// When the absolute lifetime began: at creation or at the last sign-in.
    pub(crate) created: UnixTime,
    /// When a request was last seen, as far as it was written down.
    pub(crate) last_seen: UnixTime,
    /// When the owner last signed in.
    pub(crate) authenticated_at: Option<UnixTime>,
    /// The session's own idle timeout in seconds, instead of the configured one.
    pub(crate) idle_timeout: Option<u64>,
    /// The session's own absolute timeout in seconds, instead of the configured one.
    pub(crate) absolute_timeout: Option<u64>,
    /// What CSRF tokens are masked over, if that is not what follows from the id.
    pub(crate) csrf_secret: Option<Secret<CSRF_SECRET_LENGTH>>,
}

/// How long a session lives, in seconds: unused, and at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    pub(crate) idle: u64,
    pub(crate) absolute: u64,
}

impl Header {
    /// The header of a session that begins now.
    pub(crate) fn new(now: UnixTime) -> Self {
        Self { created: now, last_seen: now, ..Self::default() }
    }

    /// The session's own lifetimes, or the configured ones.
    pub(crate) fn lifetimes(&self, configured: Lifetimes) -> Lifetimes {
        Lifetimes {
            idle: self.idle_timeout.unwrap_or(configured.idle),
            absolute: self.absolute_timeout.unwrap_or(configured.absolute),
        }
    }

    /// From when on the session is over if nobody uses it any more.
    pub(crate) fn expires_at(&self, configured: Lifetimes) -> UnixTime {
        let lifetimes = self.lifetimes(configured);
        self.last_seen.after_secs(lifetimes.idle).min(self.created.after_secs(lifetimes.absolute))
    }

    /// From when on the session is over whatever anybody does.
    #[inline(never)]
    pub(crate) fn ends_at(&self, configured: Lifetimes) -> UnixTime {
        self.created.after_secs(self.lifetimes(configured).absolute)
    }

    /// Kind, version and fields, as the record begins: in `room`, where they lie as they were written.
    pub(crate) fn encode<'a>(&self, room: &'a mut Secret<MAX_LENGTH>) -> Result<&'a [u8], Unreadable> {
        let mut fields = FieldWriter::new(room.as_mut_slice());
        self.write(&mut fields);
        let length = fields.finish()?;
        room.get(..length).ok_or(Unreadable)
    }

    /// As [`Self::encode`], among other fields.
    pub(crate) fn write(&self, fields: &mut FieldWriter<'_>) {
        fields.begin(Kind::Record);
        for number in [self.revision, self.created.as_secs(), self.last_seen.as_secs()] {
            fields.number(number);
        }
        for number in [self.authenticated_at.map(UnixTime::as_secs), self.idle_timeout, self.absolute_timeout]
        {
            fields.optional(number);
        }
        fields.flag(self.csrf_secret.is_some());
        if let Some(secret) = &self.csrf_secret {
            fields.bytes(secret.as_slice());
        }
    }

    /// Becomes what [`Self::write`] wrote. If it did not, the reader has noticed.
    pub(crate) fn read(&mut self, fields: &mut FieldReader<'_>) {
        fields.begin(Kind::Record);
        self.revision = fields.number();
        self.created = fields.time();
        self.last_seen = fields.time();
        self.authenticated_at = fields.optional().map(UnixTime::from_secs);
        self.idle_timeout = fields.optional();
        self.absolute_timeout = fields.optional();
        self.csrf_secret = fields.flag().then(|| Secret::new(fields.array()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FORMAT_VERSION;

    fn decode(bytes: &[u8]) -> Result<Header, Unreadable> {
        let (mut header, mut fields) = (Header::default(), FieldReader::new(bytes));
        header.read(&mut fields);
        fields.check()?;
        Ok(header)
    }

    #[test]
    fn the_longest_header_fits() {
        let mut header = Header::new(UnixTime::from_secs(u64::MAX));
        header.revision = u64::MAX;
        header.authenticated_at = Some(UnixTime::from_secs(u64::MAX));
        header.idle_timeout = Some(u64::MAX);
        header.absolute_timeout = Some(u64::MAX);
        header.csrf_secret = Some(Secret::new([0xff; 32]));
        let mut room = Secret::zero();
        let bytes = header.encode(&mut room).unwrap();
        assert_eq!(bytes.len(), MAX_LENGTH);
        assert!(decode(bytes).unwrap() == header);
    }

    #[test]
    fn a_secret_is_there_or_not() {
        let mut bytes = Header::new(UnixTime::from_secs(1)).encode(&mut Secret::zero()).unwrap().to_vec();
        let last = bytes.len() - 1;
        assert_eq!(bytes[last], 0);
        for wrong in 1..=255 {
            bytes[last] = wrong;
            assert!(decode(&bytes).is_err());
        }
    }

    #[test]
    fn another_kind_or_version_is_unreadable() {
        let bytes = Header::new(UnixTime::from_secs(1)).encode(&mut Secret::zero()).unwrap().to_vec();
        for (at, other) in [(0, Kind::Listing as u8), (1, FORMAT_VERSION + 1)] {
            let mut changed = bytes.clone();
            changed[at] = other;
            assert!(decode(&changed).is_err());
        }
        assert!(decode(&bytes[..bytes.len() - 1]).is_err());
        assert!(decode(&[]).is_err());
    }

    #[test]
    fn the_nearer_end_counts() {
        let configured = Lifetimes { idle: 10, absolute: 25 };
        let mut header = Header::new(UnixTime::from_secs(100));
        assert_eq!(header.expires_at(configured).as_secs(), 110);
        header.last_seen = UnixTime::from_secs(120);
        assert_eq!(header.expires_at(configured).as_secs(), 125);
        header.absolute_timeout = Some(1_000);
        assert_eq!(header.expires_at(configured).as_secs(), 130);
        assert_eq!(header.ends_at(configured).as_secs(), 1_100);
    }
}
