//! The devices that the user is signed in on.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use fastsession::{SessionManager, StoreKey};
use serde_json::json;

use super::failure::Failure;
use super::form::Posted;
use super::format::Format;
use super::sign::signed_out;
use super::visitor::Visitor;
use crate::page::devices::{Device, markup};

/// `GET /devices`: the user's sessions, the latest first.
pub(crate) async fn show(
    State(sessions): State<SessionManager>,
    format: Format,
    Visitor(session): Visitor,
) -> Result<Response, Failure> {
    let Some(user) = session.owner() else {
        return match format {
            Format::Page => Ok(Redirect::to("/").into_response()),
            Format::Json => Err(Failure::new(StatusCode::UNAUTHORIZED, "Sign in first.")),
        };
    };
    let current = session.key();
    let mut devices: Vec<Device> = sessions
        .list(&user)
        .await?
        .into_iter()
        .map(|listing| Device {
            is_current: Some(&listing.handle) == current.as_ref(),
            handle: listing.handle.to_string(),
            label: listing.label,
            created: listing.created.as_secs(),
            seen: listing.last_seen.as_secs(),
        })
        .collect();
    // They come sorted by their last use; the one that asks is the easiest to recognise.
    devices.sort_by_key(|device| !device.is_current);
    Ok(match format {
        Format::Json => Json(devices.iter().map(entry).collect::<Vec<_>>()).into_response(),
        Format::Page => markup(&user, &session.csrf_token()?, &devices).into_response(),
    })
}

/// `POST /devices/end`: ends the session that the field `handle` names, if it is one of the user's.
pub(crate) async fn end(
    State(sessions): State<SessionManager>,
    format: Format,
    posted: Posted,
) -> Result<Response, Failure> {
    let (Some(user), Some(current)) = (posted.session.owner(), posted.session.key()) else {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "Sign in first."));
    };
    let handle = posted.handle.as_deref().and_then(StoreKey::from_hex);
    if handle.as_ref() == Some(&current) {
        posted.session.destroy()?;
        return Ok(signed_out(format));
    }
    let is_ended = match &handle {
        Some(handle) => sessions.end(&user, handle).await?,
        None => false,
    };
    if !is_ended {
        return Err(Failure::new(StatusCode::NOT_FOUND, "That device is not signed in, or no longer."));
    }
    Ok(match format {
        Format::Page => Redirect::to("/devices").into_response(),
        Format::Json => Json(json!({ "ended": posted.handle })).into_response(),
    })
}

/// Times are in seconds since 1970.
fn entry(device: &Device) -> serde_json::Value {
    json!({
        "handle": device.handle,
        "label": device.label,
        "created": device.created,
        "seen": device.seen,
        "current": device.is_current,
    })
}
