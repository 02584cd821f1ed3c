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

/// The settings that can be wrong in a way that the driver does not look for; the order is the same in js/src/options.ts.
#[derive(Clone, Copy, Debug)]
#[cfg(feature = "sessions")]
pub(crate) enum Setting {
    Namespace,
    CookieName,
    CookiePath,
    CookieDomain,
    CookieSecure,
    CookieHttpOnly,
}

/// What an error is; the numbers are the same in js/src/core/failure.ts.
#[cfg_attr(
    not(all(feature = "sessions", feature = "fernet")),
    allow(dead_code, reason = "the other module's")
)]
mod code {
    /// What only this module refuses: an option by its number, or a token.
    pub(super) const OWN: u64 = 0;
    // These have details too.
    pub(super) const INVALID_KEY: u64 = 1;
    pub(super) const TOO_LARGE: u64 = 2;
    // Those of the texts in js/src/error.ts, in their order.
    pub(super) const INTERNAL: u64 = 3;
    pub(super) const CONTENDED: u64 = 4;
    pub(super) const INVALID_SESSION_KEY: u64 = 5;
    pub(super) const INVALID_OWNER: u64 = 6;
    pub(super) const INVALID_LABEL: u64 = 7;
    pub(super) const INVALID_LIFETIME: u64 = 8;
    pub(super) const DESTROYED: u64 = 9;
    pub(super) const COMMITTED: u64 = 10;
}

impl Failure {
    /// The order is the same in js/src/core/failure.ts.
    #[inline(never)]
    pub(crate) fn write(&self, out: &mut Writer) {
        match self {
            Self::Internal => out.number(code::INTERNAL),
            #[cfg(feature = "fernet")]
            Self::InvalidToken => out.number(code::OWN),
            #[cfg(feature = "sessions")]
            Self::PendingUpdate => out.number(code::CONTENDED),
            #[cfg(feature = "sessions")]
            Self::Setting(setting) => {
                out.number(code::OWN);
                out.number(*setting as u64);
            }
            Self::Key(position, error) | Self::Ring(RingError::Key { position, error }) => {
                unfit_key(out, *position, *error == KeyError::AllBytesEqual);
            }
            Self::Ring(_) => unfit_key(out, 0, false),
            #[cfg(feature = "sessions")]
            Self::Session(error) => session_error(out, error),
        }
    }
}

/// A key that is a placeholder or no 32 bytes in base64, by its position counted from 1; at 0 there are none, or too many.
fn unfit_key(out: &mut Writer, position: usize, is_placeholder: bool) {
    out.number(code::INVALID_KEY);
    out.length(position);
    out.number(is_placeholder.into());
}

#[cfg(feature = "sessions")]
fn session_error(out: &mut Writer, error: &SessionError) {
    out.number(match error {
        SessionError::TooLarge(error) => {
            out.number(code::TOO_LARGE);
            out.length(error.size());
            out.length(error.limit());
            return out.list(error.largest().iter(), |out, large| {
                out.begin_list();
                out.text(&large.key);
                out.number(large.size.into());
                out.end_list();
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
        match error {
            ConfigError::Cookie(error) => cookie_error(error),
            ConfigError::Namespace => Self::Setting(Setting::Namespace),
            // The driver looks at the numbers, and asks for nothing that the placement has not.
            _ => Self::Internal,
        }
    }
}

#[cfg(feature = "sessions")]
fn cookie_error(error: AttributesError) -> Failure {
    Failure::Setting(match error {
        AttributesError::Name => Setting::CookieName,
        AttributesError::Path | AttributesError::HostPrefixNeedsRoot => Setting::CookiePath,
        AttributesError::Domain => Setting::CookieDomain,
        AttributesError::PrefixNeedsSecure
        | AttributesError::SameSiteNoneNeedsSecure
        | AttributesError::PartitionedNeedsSecure => Setting::CookieSecure,
        AttributesError::HttpPrefixNeedsHttpOnly => Setting::CookieHttpOnly,
        _ => return Failure::Internal,
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn written(failure: &Failure) -> Vec<u8> {
        let mut out = Writer::new();
        failure.write(&mut out);
        // Before each number stands its kind, and its lowest bit is its sign.
        out.content().iter().skip(1).step_by(2).map(|number| number >> 1).collect()
    }

    #[test]
    fn details_follow_the_number() {
        assert_eq!(written(&Failure::Key(2, KeyError::NotBase64)), [1, 2, 0]);
        assert_eq!(written(&Failure::Ring(RingError::NoKeys)), [1, 0, 0]);
        assert_eq!(written(&Failure::Setting(Setting::Namespace)), [0, 0]);
        assert_eq!(written(&Failure::Setting(Setting::CookieHttpOnly)), [0, 5]);
        assert_eq!(written(&SessionError::Committed.into()), [10]);
    }
}
