//! Errors as texts: a code, and details, separated by line feeds.

use alloc::string::String;
use alloc::vec::Vec;

use fastsession_core::buffer::Full;
use fastsession_core::cookie::AttributesError;
use fastsession_core::manager::{CommitError, ConfigError};
use fastsession_core::session::{SessionError, TooLarge};
use fastsession_core::token::{FernetError, KeyError, RingError};
use fastsession_core::value::ValueError;
use wasm_bindgen::JsValue;

/// Why an export failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The driver sent something that it does not send, or randomness ran out.
    Internal,
    /// A setting, by its name and what is wrong.
    Setting(&'static str),
    /// A key of the ring, by its position counted from 1.
    Key(usize, KeyError),
    /// No key, or too many.
    Ring(RingError),
    Session(SessionError),
    /// An update was not run again after a conflict.
    PendingUpdate,
    InvalidToken,
}

impl Failure {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Internal => "internal".into(),
            Self::Setting(name) => join(&["invalid_config", name]),
            Self::Key(position, error) => join(&["invalid_key", &decimal(*position), key_error(*error)]),
            Self::Ring(RingError::Key { position, error }) => Self::Key(*position, *error).text(),
            Self::Ring(RingError::NoKeys) => join(&["invalid_key", "0", "none"]),
            Self::Ring(_) => join(&["invalid_key", "0", "many"]),
            Self::Session(SessionError::TooLarge(error)) => too_large(error),
            Self::Session(error) => session_error(error).into(),
            Self::PendingUpdate => "contended".into(),
            Self::InvalidToken => "invalid_token".into(),
        }
    }
}

fn session_error(error: &SessionError) -> &'static str {
    match error {
        SessionError::Key => "invalid_session_key",
        SessionError::Owner => "invalid_owner",
        SessionError::Label => "invalid_label",
        SessionError::Lifetime => "invalid_lifetime",
        SessionError::Destroyed => "destroyed",
        SessionError::Committed => "committed",
        SessionError::Value(ValueError::TooDeep) => "too_deep",
        _ => "internal",
    }
}

fn key_error(error: KeyError) -> &'static str {
    match error {
        KeyError::WrongLength { .. } => "length",
        KeyError::NotBase64 => "base64",
        KeyError::AllBytesEqual => "equal",
        KeyError::EmptyPassphrase => "passphrase",
        KeyError::NoIterations => "iterations",
        _ => "unfit",
    }
}

fn too_large(error: &TooLarge) -> String {
    let mut text = join(&["too_large", &decimal(error.size), &decimal(error.limit)]);
    for large in &error.largest {
        let size = usize::try_from(large.size).unwrap_or(usize::MAX);
        text.push('\n');
        text.push_str(&join(&[&decimal(size), &large.key]));
    }
    text
}

fn join(parts: &[&str]) -> String {
    parts.join("\n")
}

/// A number in decimal, without the formatting machinery.
fn decimal(number: usize) -> String {
    let mut digits = Vec::new();
    let mut rest = number;
    loop {
        digits.push(char::from(b'0'.saturating_add(u8::try_from(rest % 10).unwrap_or_default())));
        rest /= 10;
        if rest == 0 {
            return digits.iter().rev().collect();
        }
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        Self::from_str(&failure.text())
    }
}

impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Self::Session(SessionError::Value(error))
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Session(error) => Self::Session(error),
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

impl From<FernetError> for Failure {
    fn from(error: FernetError) -> Self {
        match error {
            FernetError::Invalid => Self::InvalidToken,
            FernetError::Full => Self::Internal,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Setting(match error {
            ConfigError::Cookie(error) => cookie_error(error),
            ConfigError::Namespace => "namespace",
            ConfigError::Lifetime => "idleTimeout",
            ConfigError::Limit => "limit",
            ConfigError::Owners => "owners",
            ConfigError::Lag => "lag",
            _ => "cookie",
        })
    }
}

fn cookie_error(error: AttributesError) -> &'static str {
    match error {
        AttributesError::Name => "cookie.name",
        AttributesError::Path => "cookie.path",
        AttributesError::Domain => "cookie.domain",
        AttributesError::PrefixNeedsSecure => "cookie.secure",
        AttributesError::HostPrefixNeedsRoot => "cookie.prefix",
        AttributesError::HttpPrefixNeedsHttpOnly => "cookie.httpOnly",
        AttributesError::SameSiteNoneNeedsSecure => "cookie.sameSite",
        AttributesError::PartitionedNeedsSecure => "cookie.partitioned",
        _ => "cookie",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_follow_the_code() {
        assert_eq!(Failure::Key(2, KeyError::NotBase64).text(), "invalid_key\n2\nbase64");
        assert_eq!(Failure::Setting("namespace").text(), "invalid_config\nnamespace");
        assert_eq!(decimal(0), "0");
        assert_eq!(decimal(65_536), "65536");
    }
}
