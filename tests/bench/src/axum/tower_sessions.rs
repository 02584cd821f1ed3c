//! tower-sessions: data in clear in memory, a 128-bit id in the cookie, in clear, signed or encrypted.

use anyhow::Result;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use harness::Contender;
use tower_sessions::cookie::Key;
use tower_sessions::session::Error;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use super::Work;
use super::site::{self, next};

pub(super) fn plain(work: Work) -> Result<Contender> {
    let layer = SessionManagerLayer::new(MemoryStore::default());
    site::contender("tower-sessions, plain", work, routes().layer(layer))
}

pub(super) fn signed(work: Work) -> Result<Contender> {
    let layer = SessionManagerLayer::new(MemoryStore::default()).with_signed(Key::generate());
    site::contender("tower-sessions, signed cookie", work, routes().layer(layer))
}

pub(super) fn private(work: Work) -> Result<Contender> {
    let layer = SessionManagerLayer::new(MemoryStore::default()).with_private(Key::generate());
    site::contender("tower-sessions, private cookie", work, routes().layer(layer))
}

fn routes() -> Router {
    Router::new()
        .route("/begin", post(begin))
        .route(Work::Untouched.path(), get(|| async { "1" }))
        .route(Work::Read.path(), get(read))
        .route(Work::Write.path(), get(write).post(write))
        .route(Work::Update.path(), get(update))
}

async fn begin(session: Session) -> Result<&'static str, StatusCode> {
    session.insert("user", "ada@example.org").await.map_err(failed)?;
    session.insert("visits", 1_u64).await.map_err(failed)?;
    Ok("1")
}

async fn read(session: Session) -> Result<&'static str, StatusCode> {
    std::hint::black_box(session.get::<u64>("visits").await.map_err(failed)?);
    Ok("1")
}

async fn write(session: Session) -> Result<&'static str, StatusCode> {
    session.insert("visits", next()).await.map_err(failed)?;
    Ok("1")
}

async fn update(session: Session) -> Result<&'static str, StatusCode> {
    let visits = session.get::<u64>("visits").await.map_err(failed)?.unwrap_or(0);
    session.insert("visits", visits + 1).await.map_err(failed)?;
    Ok("1")
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` has it")]
fn failed(_: Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
