//! Signing in and out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use fastsession::SessionManager;
use serde_json::json;

use super::Setting;
use super::device::DeviceLabel;
use super::failure::Failure;
use super::form::Posted;
use super::format::Format;
use super::home;

/// `POST /sign-in`: the session belongs to the user in the field `user` from now on.
///
/// There is no password: the demo shows sessions, not accounts.
pub(crate) async fn sign_in(
    State(setting): State<Setting>,
    format: Format,
    DeviceLabel(device): DeviceLabel,
    posted: Posted,
) -> Result<Response, Failure> {
    let typed = posted.user.unwrap_or_default();
    match user_name(&typed) {
        Ok(user) => {
            posted.session.sign_in(user)?;
            posted.session.set_label(&device)?;
            match format {
                Format::Page => Ok(Redirect::to("/").into_response()),
                // The token of before is void now, so a program needs the new one.
                Format::Json => home::state(setting, &posted.session),
            }
        }
        Err(error) if format == Format::Page => home::refuse_name(setting, &posted.session, &typed, error),
        Err(error) => Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error)),
    }
}

/// `POST /sign-out`: ends this session.
pub(crate) async fn sign_out(format: Format, posted: Posted) -> Result<Response, Failure> {
    posted.session.destroy()?;
    Ok(signed_out(format))
}

/// `POST /sign-out-everywhere`: ends all sessions of the user.
pub(crate) async fn sign_out_everywhere(
    State(sessions): State<SessionManager>,
    format: Format,
    posted: Posted,
) -> Result<Response, Failure> {
    if let Some(user) = posted.session.owner() {
        sessions.end_all(&user).await?;
    }
    // Ended already in the store; this takes the cookie from the browser.
    posted.session.destroy()?;
    Ok(signed_out(format))
}

/// The answer to a client whose session has ended.
pub(crate) fn signed_out(format: Format) -> Response {
    match format {
        Format::Page => Redirect::to("/").into_response(),
        Format::Json => Json(json!({ "user": null })).into_response(),
    }
}

/// Characters of a user's name; of any kind, so that they are at most 256 bytes.
const MAX_NAME: usize = 64;
/// Bytes of a user's name: what the library takes as an owner.
const MAX_NAME_BYTES: usize = 255;

/// The name that was typed, without the space around it.
fn user_name(typed: &str) -> Result<&str, &'static str> {
    let name = typed.trim();
    match name.chars().count() {
        0 => Err("Enter a name."),
        1..=MAX_NAME if name.chars().any(char::is_control) => Err("A name has no control characters."),
        1..=MAX_NAME if name.len() <= MAX_NAME_BYTES => Ok(name),
        _ => Err("A name has at most 64 characters."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(user_name("  Ada Lovelace \n"), Ok("Ada Lovelace"));
        assert_eq!(user_name(&"é".repeat(64)), Ok("é".repeat(64).as_str()));
        for bad in ["", "   ", "a\0b", "a\nb", "a\u{85}b", &"a".repeat(65)] {
            assert!(user_name(bad).is_err(), "{bad:?}");
        }
    }
}
