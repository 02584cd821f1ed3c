//! The fixed fields at the start of a record.

use core::time::Duration;

use zeroize::Zeroize;

use super::{FORMAT_VERSION, Kind, Unreadable};
use crate::time::UnixTime;
use crate::value::wire::Varint;

/// Bytes of a CSRF secret.
pub(crate) const CSRF_SECRET_LENGTH: usize = 32;

/// The most bytes that a header takes: two plain bytes, three times, three optional numbers, the secret.
pub(crate) const MAX_LENGTH: usize = 2 + 3 * 10 + 3 * 11 + CSRF_SECRET_LENGTH;

/// A session's own facts.
#[derive(Clone, Default, PartialEq, Eq)]
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
    /// What CSRF tokens are masked over; all zero until it is first needed or written.
    pub(crate) csrf_secret: [u8; CSRF_SECRET_LENGTH],
}

/// What stands before the CSRF secret: kind and version, and the other fields in their order.
type Numbers = (u8, u8, u64, UnixTime, UnixTime, Option<UnixTime>, Option<u64>, Option<u64>);

/// How long a session lives: unused, and at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

impl Header {
    /// The header of a session that begins now.
    pub(crate) fn new(now: UnixTime) -> Self {
        Self { created: now, last_seen: now, ..Self::default() }
    }

    /// The session's own lifetimes, or the configured ones.
    pub(crate) fn lifetimes(&self, configured: Lifetimes) -> Lifetimes {
        Lifetimes {
            idle: self.idle_timeout.map_or(configured.idle, Duration::from_secs),
            absolute: self.absolute_timeout.map_or(configured.absolute, Duration::from_secs),
        }
    }

    /// From when on the session is over if nobody uses it any more.
    pub(crate) fn expires_at(&self, configured: Lifetimes) -> UnixTime {
        let lifetimes = self.lifetimes(configured);
        self.last_seen.after(lifetimes.idle).min(self.created.after(lifetimes.absolute))
    }

    /// From when on the session is over whatever anybody does.
    pub(crate) fn ends_at(&self, configured: Lifetimes) -> UnixTime {
        self.created.after(self.lifetimes(configured).absolute)
    }

    /// Kind, version and fields, as the record begins.
    pub(crate) fn encode(&self) -> Result<heapless::Vec<u8, MAX_LENGTH>, Unreadable> {
        let mut bytes = heapless::Vec::new();
        bytes.resize(MAX_LENGTH, 0).map_err(|_| Unreadable)?;
        let Self {
            revision,
            created,
            last_seen,
            authenticated_at,
            idle_timeout,
            absolute_timeout,
            csrf_secret,
        } = self;
        let numbers: Numbers = (
            Kind::Record as u8,
            FORMAT_VERSION,
            *revision,
            *created,
            *last_seen,
            *authenticated_at,
            *idle_timeout,
            *absolute_timeout,
        );
        let length = postcard::to_slice(&numbers, &mut bytes).map_err(|_| Unreadable)?.len();
        bytes.truncate(length);
        // An array of bytes is its bytes; serde would take it one by one.
        bytes.extend_from_slice(csrf_secret).map_err(|_| Unreadable)?;
        Ok(bytes)
    }

    /// How many bytes [`Self::encode`] writes.
    fn encoded_len(&self) -> usize {
        let numbers = [self.revision, self.created.as_secs(), self.last_seen.as_secs()];
        let optional =
            [self.authenticated_at.map(UnixTime::as_secs), self.idle_timeout, self.absolute_timeout];
        let fixed = 2_usize.saturating_add(optional.len()).saturating_add(CSRF_SECRET_LENGTH);
        let numbers = numbers.into_iter().chain(optional.into_iter().flatten());
        numbers.map(Varint::length_of).fold(fixed, usize::saturating_add)
    }

    /// Reads what [`Self::encode`] wrote at the start of `plain`; gives the length as well.
    pub(crate) fn decode(plain: &[u8]) -> Result<(Self, usize), Unreadable> {
        let (numbers, rest): (Numbers, _) = postcard::take_from_bytes(plain).map_err(|_| Unreadable)?;
        let (kind, version, revision, created, last_seen, authenticated_at, idle_timeout, absolute_timeout) =
            numbers;
        let (csrf_secret, rest) = rest.split_first_chunk().ok_or(Unreadable)?;
        let csrf_secret = *csrf_secret;
        let header = Self {
            revision,
            created,
            last_seen,
            authenticated_at,
            idle_timeout,
            absolute_timeout,
            csrf_secret,
        };
        let length = plain.len().saturating_sub(rest.len());
        // Postcard reads integers that are longer than they need be.
        if kind != Kind::Record as u8 || version != FORMAT_VERSION || length != header.encoded_len() {
            return Err(Unreadable);
        }
        Ok((header, length))
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        self.csrf_secret.as_mut_slice().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_header_fits() {
        let mut header = Header::new(UnixTime::from_secs(u64::MAX));
        header.revision = u64::MAX;
        header.authenticated_at = Some(UnixTime::from_secs(u64::MAX));
        header.idle_timeout = Some(u64::MAX);
        header.absolute_timeout = Some(u64::MAX);
        header.csrf_secret = [0xff; 32];
        let bytes = header.encode().unwrap();
        assert_eq!(bytes.len(), MAX_LENGTH);
        assert!(Header::decode(&bytes).unwrap() == (header, MAX_LENGTH));
    }

    #[test]
    fn another_kind_or_version_is_unreadable() {
        let bytes = Header::new(UnixTime::from_secs(1)).encode().unwrap();
        for (at, other) in [(0, Kind::Listing as u8), (1, FORMAT_VERSION + 1)] {
            let mut changed = bytes.clone();
            changed[at] = other;
            assert!(Header::decode(&changed).is_err());
        }
        assert!(Header::decode(&bytes[..bytes.len() - 1]).is_err());
        assert!(Header::decode(&[]).is_err());
    }

    #[test]
    fn the_nearer_end_counts() {
        let configured = Lifetimes { idle: Duration::from_secs(10), absolute: Duration::from_secs(25) };
        let mut header = Header::new(UnixTime::from_secs(100));
        assert_eq!(header.expires_at(configured).as_secs(), 110);
        header.last_seen = UnixTime::from_secs(120);
        assert_eq!(header.expires_at(configured).as_secs(), 125);
        header.absolute_timeout = Some(1_000);
        assert_eq!(header.expires_at(configured).as_secs(), 130);
        assert_eq!(header.ends_at(configured).as_secs(), 1_100);
    }
}
