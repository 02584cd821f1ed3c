//! Why a store could not answer.

use std::error::Error;
use std::fmt;

/// The engine failed; the request must not go on as if there were no session (a server answers 503).
///
/// A record that is not there, or a condition that does not hold, is no error.
/// Its text names the operation, the engine, the cause and what to do about it. It never shows a record, an id or
/// a password.
pub struct StoreError(Box<Inner>);

struct Inner {
    kind: StoreErrorKind,
    engine: &'static str,
    operation: &'static str,
    place: String,
    detail: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure it was, by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// No answer: connection, timeout, input and output. Later it may work again. Whether a write was
    /// carried out is unknown.
    Unavailable,
    /// There is no room for the record; the old one is whole.
    Full,
    /// The engine refuses: permissions, a wrong password, a read-only folder. Somebody has to change that.
    Denied,
    /// What the engine holds is not what this version wrote.
    Corrupt,
    /// This store cannot do that at all.
    Unsupported,
    /// The URL or a setting is wrong.
    Configuration,
}

impl StoreError {
    /// An error of `engine` ("file", "Redis" …) during `operation` ("get", "put" …), caused by `source`.
    pub fn new(
        kind: StoreErrorKind,
        engine: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let source = Some(source.into());
        Self(Box::new(Inner { kind, engine, operation, place: String::new(), detail: String::new(), source }))
    }

    /// An error that is its own cause: `detail` says what is wrong.
    pub fn message(
        kind: StoreErrorKind,
        engine: &'static str,
        operation: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let (place, detail) = (String::new(), detail.into());
        Self(Box::new(Inner { kind, engine, operation, place, detail, source: None }))
    }

    /// `engine` does not do `operation`.
    pub fn unsupported(engine: &'static str, operation: &'static str) -> Self {
        Self::message(StoreErrorKind::Unsupported, engine, operation, "")
    }

    /// A failure of the operating system's, told apart by its code.
    pub fn io(engine: &'static str, operation: &'static str, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{
            FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        let kind = match source.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => StoreErrorKind::Full,
            PermissionDenied | ReadOnlyFilesystem => StoreErrorKind::Denied,
            std::io::ErrorKind::InvalidData => StoreErrorKind::Corrupt,
            std::io::ErrorKind::Unsupported => StoreErrorKind::Unsupported,
            _ => StoreErrorKind::Unavailable,
        };
        Self::new(kind, engine, operation, source)
    }

    /// Adds where it happened: a folder, a host. Never a record, an id or a password.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.0.place = place.into();
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }

    /// The engine that failed: "memory", "file" …
    pub fn engine(&self) -> &'static str {
        self.0.engine
    }

    /// What it was asked to do: "get", "put" …
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }
}

impl StoreErrorKind {
    const fn advice(self) -> &'static str {
        match self {
            Self::Unavailable => "check that the store runs and can be reached, then try again",
            Self::Full => "make room: purge expired sessions or raise the limit",
            Self::Denied => "check the permissions and the password that the store is used with",
            Self::Corrupt => "check which version of fastsession, or which other program, wrote it",
            Self::Unsupported => "use a store that can",
            Self::Configuration => "correct the URL or the setting",
        }
    }

    const fn verdict(self) -> &'static str {
        match self {
            Self::Unavailable => "failed",
            Self::Full => "found no room",
            Self::Denied => "was refused",
            Self::Corrupt => "found data that it cannot read",
            Self::Unsupported => "is not supported",
            Self::Configuration => "is not possible",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, engine, operation, place, detail, source } = &*self.0;
        write!(f, "{engine} store: {} {}", operation.replace('_', " "), kind.verdict())?;
        for part in [place, detail].into_iter().filter(|part| !part.is_empty()) {
            write!(f, ": {part}")?;
        }
        if let Some(source) = source {
            write!(f, ": {source}")?;
        }
        write!(f, " ({})", kind.advice())
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({:?}: {self})", self.0.kind)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_is_wrong_and_what_to_do() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = StoreError::io("file", "put", full).at("/srv/sessions");
        assert_eq!(error.kind(), StoreErrorKind::Full);
        let text = error.to_string();
        assert!(text.starts_with("file store: put found no room: /srv/sessions: no storage space"), "{text}");
        assert!(text.ends_with("(make room: purge expired sessions or raise the limit)"), "{text}");
        assert!(error.source().is_some());
    }

    #[test]
    fn unsupported_names_the_operation() {
        let text = StoreError::unsupported("example", "list").to_string();
        assert_eq!(text, "example store: list is not supported (use a store that can)");
    }
}
