//! The axum extractors: [`Session`] itself, [`StrictSession`] and [`ExistingSession`].

use std::ops::Deref;
use std::sync::Arc;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use fastsession_core::session::Reason;
use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::Error;
use crate::layer::status_of;
use crate::manager::Loading;
use crate::session::{Session, Slot};

/// The session of the request, which it is loaded for: fresh if the request has none.
impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let slot = parts.extensions.get::<Arc<Slot>>().cloned().ok_or(Rejection::NoLayer)?;
        if !slot.is_opened() {
            let inner = slot.manager().inner();
            let headers = parts.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
            slot.opened(match inner.load(headers) {
                Loading::Loaded(session) => session,
                Loading::Waiting(reading) => reading.await.map_err(Rejection::Failed)?,
            });
        }
        Ok(Self::in_slot(slot))
    }
}

/// The session, or a 400 if the request has a session cookie that does not open.
#[derive(Clone, Debug)]
pub struct StrictSession(pub Session);

/// A session that exists already: a 400 for a cookie that does not open, a 401 for a request without a session.
#[derive(Clone, Debug)]
pub struct ExistingSession(pub Session);

/// Why an extractor refused a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// There is no [`SessionLayer`](crate::SessionLayer) around the route: 500.
    NoLayer,
    /// The session could not be loaded: 503.
    Failed(Error),
    /// The session cookie does not open: 400, with these `Set-Cookie` headers that remove it, since its user cannot.
    BadCookie(Vec<String>),
    /// There is no session: 401. The reason says why.
    Missing(Reason),
}

impl<S: Sync> FromRequestParts<S> for StrictSession {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let session = Session::from_request_parts(parts, state).await?;
        if session.reason() == Some(Reason::BadCookie) {
            Err(bad_cookie(&session))
        } else {
            Ok(Self(session))
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ExistingSession {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let StrictSession(session) = StrictSession::from_request_parts(parts, state).await?;
        session.reason().map_or(Ok(Self(session)), |reason| Err(Rejection::Missing(reason)))
    }
}

/// The refusal of a request whose session cookie does not open.
fn bad_cookie(session: &Session) -> Rejection {
    let cookies = session.manager().inner().core().removal_cookies();
    Rejection::BadCookie(cookies.filter_map(|cookie| String::from_utf8(cookie.to_bytes()).ok()).collect())
}

impl Deref for StrictSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Deref for ExistingSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoLayer => f.write_str(
                "this route has no sessions: add a SessionLayer to the router, after the routes it is for",
            ),
            Self::Failed(_) => f.write_str("the session could not be loaded: try again later"),
            Self::BadCookie(_) => {
                f.write_str("the session cookie was not valid and has been removed: try again")
            }
            Self::Missing(_) => f.write_str("there is no session: sign in first"),
        }
    }
}

impl std::error::Error for Rejection {}

/// So that a handler can return `Result<_, Error>`: 503 where the store failed, 500 where the program did.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = status_of(&self);
        tracing::error!(error = %self, status = status.as_u16(), "a handler failed");
        let reason = status.canonical_reason().unwrap_or_default();
        (status, [(CACHE_CONTROL, "no-store"), (VARY, "Cookie")], reason).into_response()
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NoLayer => {
                tracing::error!("{self}");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Failed(error) => status_of(error),
            Self::BadCookie(_) => StatusCode::BAD_REQUEST,
            Self::Missing(_) => StatusCode::UNAUTHORIZED,
        };
        let text = self.to_string();
        let mut response = (status, [(CACHE_CONTROL, "no-store"), (VARY, "Cookie")], text).into_response();
        if let Self::BadCookie(cookies) = self {
            let cookies = cookies.into_iter().filter_map(|cookie| HeaderValue::try_from(cookie).ok());
            response.headers_mut().extend(cookies.map(|cookie| (SET_COOKIE, cookie)));
        }
        response
    }
}
