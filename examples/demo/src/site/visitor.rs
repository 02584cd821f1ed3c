//! The session of whoever sends a request.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use fastsession::Session;
use fastsession::extract::{Rejection, StrictSession};

use super::Setting;

/// The session of the request. In strict mode, a cookie that does not open is refused with 400; one whose session was ended
/// meanwhile is not, since honest browsers come with such.
///
/// A site needs no such choice: its handlers take [`Session`], or `StrictSession` where they are strict.
pub(crate) struct Visitor(pub(crate) Session);

impl<S: Sync> FromRequestParts<S> for Visitor
where
    Setting: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        if Setting::from_ref(state).is_strict {
            let StrictSession(session) = StrictSession::from_request_parts(parts, state).await?;
            return Ok(Self(session));
        }
        Ok(Self(Session::from_request_parts(parts, state).await?))
    }
}
