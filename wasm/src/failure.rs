//! Errors as messages: a number that says what it is, and details.

use fastsession_core::buffer::Full;
#[cfg(feature = "sessions")]
use fastsession_core::cookie::AttributesError;
#[cfg(feature = "sessions")]
use fastsession_core::manager::{CommitError, ConfigError};
#[cfg(feature = "sessions")]
use fastsession_core::session::SessionError;
#[cfg(feature = "fernet")]
use fastsession_core::token::FernetError;
use fastsession_core::token::{KeyError, RingError};
#[cfg(feature = "sessions")]
use fastsession_core::value::ValueError;

use crate::message::Writer;

/// Why a phase failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The driver sent something that it does not send, or randomness ran out.
    Internal,
    /// A key of the ring, by its position counted from 1.
    Key(usize, KeyError),
    /// No key, or too many.
    Ring(RingError),
    #[cfg(feature = "fernet")]
    InvalidToken,
    /// An update was not run again after a conflict.
    #[cfg(feature = "sessions")]
    PendingUpdate,
    /// A setting: which, and so what is wrong.
    #[cfg(feature = "sessions")]
    Setting(Setting),
    #[cfg(feature = "sessions")]
    Session(SessionError),
}

/// The settings that can be wrong; the order is the same in js/src/core/failure.ts.
#[derive(Clone, Copy, Debug)]
#[cfg(feature = "sessions")]
pub(crate) enum Setting {
    Other,
    Namespace,
    Lifetime,
    Limit,
    Owners,
    Lag,
    Placement,
    CookieName,
    CookiePath,
    CookieDomain,
    CookieSecure,
    CookiePrefix,
    CookieHttpOnly,
    CookieSameSite,
    CookiePartitioned,
}

/// What an error is; the numbers are the same in js/src/core/failure.ts.
#[cfg_attr(
    not(all(feature = "sessions", feature = "fernet")),
    allow(dead_code, reason = "the other module's")
)]
mod code {
    pub(super) const INTERNAL: u8 = 0;
    pub(super) const INVALID_CONFIG: u8 = 1;
    pub(super) const INVALID_KEY: u8 = 2;
    pub(super) const TOO_LARGE: u8 = 3;
    pub(super) const INVALID_TOKEN: u8 = 4;
    pub(super) const CONTENDED: u8 = 5;
    pub(super) const INVALID_SESSION_KEY: u8 = 6;
    pub(super) const INVALID_OWNER: u8 = 7;
    pub(super) const INVALID_LABEL: u8 = 8;
    pub(super) const INVALID_LIFETIME: u8 = 9;
    pub(super) const DESTROYED: u8 = 10;
    pub(super) const COMMITTED: u8 = 11;
}

impl Failure {
    /// The order is the same in js/src/core/failure.ts.
    #[inline(never)]
    pub(crate) fn write(&self, out: &mut Writer) {
        match self {
            Self::Internal => out.byte(code::INTERNAL),
            #[cfg(feature = "fernet")]
            Self::InvalidToken => out.byte(code::INVALID_TOKEN),
            #[cfg(feature = "sessions")]
            Self::PendingUpdate => out.byte(code::CONTENDED),
            #[cfg(feature = "sessions")]
            Self::Setting(setting) => {
                out.byte(code::INVALID_CONFIG);
                out.byte(*setting as u8);
            }
            Self::Key(position, error) | Self::Ring(RingError::Key { position, error }) => {
                unfit_key(out, *position, key_error(*error));
            }
            Self::Ring(RingError::NoKeys) => unfit_key(out, 0, 6),
            Self::Ring(_) => unfit_key(out, 0, 7),
            #[cfg(feature = "sessions")]
            Self::Session(error) => session_error(out, error),
        }
    }
}

fn unfit_key(out: &mut Writer, position: usize, why: u8) {
    out.byte(code::INVALID_KEY);
    out.length(position);
    out.byte(why);
}

fn key_error(error: KeyError) -> u8 {
    match error {
        KeyError::WrongLength { .. } => 1,
        KeyError::NotBase64 => 2,
        KeyError::AllBytesEqual => 3,
        KeyError::EmptyPassphrase => 4,
        KeyError::NoIterations => 5,
        _ => 0,
    }
}

#[cfg(feature = "sessions")]
fn session_error(out: &mut Writer, error: &SessionError) {
    out.byte(match error {
        SessionError::TooLarge(error) => {
            out.byte(code::TOO_LARGE);
            out.length(error.size());
            out.length(error.limit());
            return out.list(error.largest().iter(), |out, large| {
                out.text(&large.key);
                out.number(large.size.into());
            });
        }
        SessionError::Key => code::INVALID_SESSION_KEY,
        SessionError::Owner => code::INVALID_OWNER,
        SessionError::Label => code::INVALID_LABEL,
        SessionError::Lifetime => code::INVALID_LIFETIME,
        SessionError::Destroyed => code::DESTROYED,
        SessionError::Committed => code::COMMITTED,
        _ => code::INTERNAL,
    });
}

#[cfg(feature = "sessions")]
impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        SessionError::Value(error).into()
    }
}

#[cfg(feature = "sessions")]
impl From<SessionError> for Failure {
    #[inline(never)]
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

#[cfg(feature = "sessions")]
impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Session(error) => error.into(),
            CommitError::PendingUpdate => Self::PendingUpdate,
            _ => Self::Internal,
        }
    }
}

impl From<RingError> for Failure {
    fn from(error: RingError) -> Self {
        Self::Ring(error)
    }
}

impl From<Full> for Failure {
    fn from(_: Full) -> Self {
        Self::Internal
    }
}

#[cfg(feature = "fernet")]
impl From<FernetError> for Failure {
    fn from(error: FernetError) -> Self {
        match error {
            FernetError::Invalid => Self::InvalidToken,
            FernetError::Full => Self::Internal,
        }
    }
}

#[cfg(feature = "sessions")]
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Setting(match error {
            ConfigError::Cookie(error) => cookie_error(error),
            ConfigError::Namespace => Setting::Namespace,
            ConfigError::Lifetime => Setting::Lifetime,
            ConfigError::Limit => Setting::Limit,
            ConfigError::Owners => Setting::Owners,
            ConfigError::Lag => Setting::Lag,
            _ => Setting::Other,
        })
    }
}

#[cfg(feature = "sessions")]
fn cookie_error(error: AttributesError) -> Setting {
    match error {
        AttributesError::Name => Setting::CookieName,
        AttributesError::Path => Setting::CookiePath,
        AttributesError::Domain => Setting::CookieDomain,
        AttributesError::PrefixNeedsSecure => Setting::CookieSecure,
        AttributesError::HostPrefixNeedsRoot => Setting::CookiePrefix,
        AttributesError::HttpPrefixNeedsHttpOnly => Setting::CookieHttpOnly,
        AttributesError::SameSiteNoneNeedsSecure => Setting::CookieSameSite,
        AttributesError::PartitionedNeedsSecure => Setting::CookiePartitioned,
        _ => Setting::Other,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn written(failure: &Failure) -> Vec<u8> {
        let mut out = Writer::new();
        failure.write(&mut out);
        out.content().to_vec()
    }

    #[test]
    fn details_follow_the_number() {
        assert_eq!(written(&Failure::Key(2, KeyError::NotBase64)), [code::INVALID_KEY, 2, 2]);
        assert_eq!(written(&Failure::Ring(RingError::NoKeys)), [code::INVALID_KEY, 0, 6]);
        assert_eq!(written(&Failure::Setting(Setting::Namespace)), [code::INVALID_CONFIG, 1]);
        assert_eq!(written(&Failure::Setting(Setting::CookiePartitioned)), [code::INVALID_CONFIG, 14]);
        assert_eq!(written(&SessionError::Committed.into()), [code::COMMITTED]);
    }
}
