//! What cannot be done, told as a page or as JSON.

use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fastsession::SessionError;
use serde_json::json;

use super::format::Format;
use crate::page;

/// A refusal of the site's own. [`render`] gives it the form that the client wants.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    /// A refusal with `status`, and a sentence for the user.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// A store that fails is no fault of the client's, who should try again.
impl From<fastsession::Error> for Failure {
    fn from(error: fastsession::Error) -> Self {
        let status = match error {
            fastsession::Error::Store(_) | fastsession::Error::Contended | fastsession::Error::Unsaved => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        tracing::error!(%error, "a request failed");
        Self::new(status, usual_message(status))
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        fastsession::Error::from(error).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every failed request a readable answer, whoever refused it: this site, the session layer or axum.
pub(crate) async fn render(format: Format, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_finished = response.extensions().get::<Finished>().is_some();
    if is_finished || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let message = response.extensions().get().map_or_else(|| usual_message(status), Failure::text);
    let body = match format {
        Format::Page => page::failure(status, message).into_response(),
        Format::Json => Json(json!({ "error": message })).into_response(),
    };
    let (mut head, _) = response.into_parts();
    let (described, body) = body.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.extend(described.headers);
    Response::from_parts(head, body)
}

/// Marks a failed response that has a readable body already.
#[derive(Clone, Copy)]
pub(crate) struct Finished;

impl Failure {
    fn text(&self) -> &str {
        &self.message
    }
}

fn usual_message(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => {
            "The request is not valid, or the session cookie that came with it: then it helps to delete the cookies of this site."
        }
        StatusCode::UNAUTHORIZED => "Sign in first.",
        StatusCode::NOT_FOUND => "There is no such page.",
        StatusCode::METHOD_NOT_ALLOWED => "This page does not do that.",
        StatusCode::PAYLOAD_TOO_LARGE => "That is too large.",
        StatusCode::SERVICE_UNAVAILABLE => "Sessions cannot be stored at the moment. Try again soon.",
        other => other.canonical_reason().unwrap_or("The request failed."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_those_of_the_library() {
        use fastsession::Error;
        let errors: [fn() -> Error; 4] =
            [|| Error::Contended, || Error::Unsaved, || Error::Ended, || Error::ResponseSent];
        for error in errors {
            assert_eq!(Failure::from(error()).status, error().into_response().status(), "{}", error());
        }
    }
}
