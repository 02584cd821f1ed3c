//! Why a session could not be loaded or committed.

use fastsession_core::manager::CommitError;
use fastsession_core::session::SessionError;

use crate::store::StoreError;

/// A session could not be loaded or committed. A server answers 503 for [`Error::Store`], [`Error::Contended`],
/// [`Error::Unsaved`] and [`Error::ShutDown`], else 500.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The store failed. Nothing is known of the session, which is not the same as that there is none.
    Store(StoreError),
    /// Other requests changed the session again and again, and this one did not get its turn.
    Contended,
    /// Another request ended or rotated the session meanwhile: this one's changes are lost.
    Ended,
    /// An earlier save of this request failed: its changes are not stored, or nobody knows whether they are.
    Unsaved,
    /// The Tokio runtime shut down while the session was written: nobody knows how much of it is stored.
    ShutDown,
    /// The session cannot be written, or an update does not fit the fresh value.
    Session(SessionError),
    /// A response that was sent already cannot carry a cookie: rotate, sign in or begin a session before, and change one
    /// that is kept in a cookie before.
    ResponseSent,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Contended => f.write_str("the session is changed by too many requests at once: try again"),
            Self::Ended => f.write_str("another request ended or rotated the session meanwhile: this one's changes are lost"),
            Self::Unsaved => f.write_str(
                "an earlier save of this request failed, so that its changes are not stored: answer with that save's error",
            ),
            Self::ShutDown => f.write_str(
                "the server shut down while the session was written, which may be stored or not: wait for the requests that run \
                 before ending the runtime",
            ),
            Self::Session(error) => error.fmt(f),
            Self::ResponseSent => f.write_str(
                "the response was sent already and cannot carry a cookie: rotate, sign in or begin a session before, and change \
                 one that is kept in a cookie before",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Session(error) => Some(error),
            Self::Contended | Self::Ended | Self::Unsaved | Self::ShutDown | Self::ResponseSent => None,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Session(error) => Self::Session(error),
            // An update that was not repeated, or an operation that was left out: the session changed meanwhile.
            _ => Self::Contended,
        }
    }
}
