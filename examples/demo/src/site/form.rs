//! What a client posts, after it has proved that the request is meant.

use axum::extract::{Form, FromRef, FromRequest, FromRequestParts as _, Json, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fastsession::Session;
use serde::Deserialize;

use super::Setting;
use super::failure::Failure;
use super::visitor::Visitor;

/// A form that was posted with the session's CSRF token; without it, the request is refused with 403.
pub(crate) struct Posted {
    /// The session that the form belongs to.
    pub(crate) session: Session,
    /// The name to sign in with.
    pub(crate) user: Option<String>,
    /// The device to end.
    pub(crate) handle: Option<String>,
}

#[derive(Default, Deserialize)]
struct Fields {
    csrf: Option<String>,
    user: Option<String>,
    handle: Option<String>,
}

/// Where JSON clients put the token; a page has it in the field `csrf`.
const CSRF_HEADER: &str = "x-csrf-token";

impl<S: Send + Sync> FromRequest<S> for Posted
where
    Setting: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Visitor(session) =
            Visitor::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let in_header =
            parts.headers.get(CSRF_HEADER).and_then(|token| token.to_str().ok().map(str::to_owned));
        let fields = fields(Request::from_parts(parts, body), state).await?;
        let token = in_header.or(fields.csrf).unwrap_or_default();
        if !session.verify_csrf(&token) {
            let message =
                "This form does not belong to your session. Go back, reload the page and try again.";
            return Err(Failure::new(StatusCode::FORBIDDEN, message).into_response());
        }
        Ok(Self { session, user: fields.user, handle: fields.handle })
    }
}

/// A request without a body has no fields; that is no error, as signing out needs none.
async fn fields<S: Send + Sync>(request: Request, state: &S) -> Result<Fields, Response> {
    let media_type = media_type(request.headers());
    match media_type.as_deref() {
        None => Ok(Fields::default()),
        Some("application/json") => {
            let Json(fields) =
                Json::from_request(request, state).await.map_err(IntoResponse::into_response)?;
            Ok(fields)
        }
        Some(_) => {
            let Form(fields) =
                Form::from_request(request, state).await.map_err(IntoResponse::into_response)?;
            Ok(fields)
        }
    }
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next()?.trim().to_ascii_lowercase())
}
