//! The first page: the visit counter, and who is signed in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use fastsession::{Reason, Session};
use serde_json::json;

use super::Setting;
use super::failure::{Failure, Finished};
use super::format::Format;
use super::visitor::Visitor;
use crate::page;

/// `GET /`: counts the visit. Anonymous visits are counted on purpose, so everyone gets a session.
pub(crate) async fn show(
    State(setting): State<Setting>,
    format: Format,
    Visitor(session): Visitor,
) -> Result<Response, Failure> {
    let visits = session.update("visits", |visits: Option<u64>| visits.unwrap_or(0).saturating_add(1))?;
    respond(format, setting, &session, visits)
}

/// The answer after a sign-in or sign-out, to a client that wants JSON: what `GET /` would say, uncounted.
pub(crate) fn state(setting: Setting, session: &Session) -> Result<Response, Failure> {
    respond(Format::Json, setting, session, visits(session)?)
}

/// The page again, with what is wrong about the name that was typed in.
pub(crate) fn refuse_name(
    setting: Setting,
    session: &Session,
    name: &str,
    error: &str,
) -> Result<Response, Failure> {
    let csrf = session.csrf_token()?;
    let refusal = page::home::Refusal { name, error };
    let home = page::home::Home {
        user: session.owner(),
        visits: visits(session)?,
        csrf: &csrf,
        reason: None,
        setting,
        refusal: Some(refusal),
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Extension(Finished), home.markup()).into_response())
}

fn visits(session: &Session) -> Result<u64, Failure> {
    Ok(session.get("visits")?.unwrap_or(0))
}

fn respond(format: Format, setting: Setting, session: &Session, visits: u64) -> Result<Response, Failure> {
    let user = session.owner();
    let csrf = session.csrf_token()?;
    let reason = session.reason()?.filter(|reason| *reason != Reason::NoCookie);
    Ok(match format {
        Format::Json => {
            Json(json!({ "user": user, "visits": visits, "csrf": csrf, "reason": reason.map(Reason::name) }))
                .into_response()
        }
        Format::Page => page::home::Home { user, visits, csrf: &csrf, reason, setting, refusal: None }
            .markup()
            .into_response(),
    })
}
