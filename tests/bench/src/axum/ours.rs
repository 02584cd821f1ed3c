//! This project.

use anyhow::Result;
use axum::Router;
use axum::routing::{get, post};
use fastsession::store::MemoryStore;
use fastsession::{Error, KeyRing, Session, SessionLayer, SessionManager};
use harness::Contender;

use super::Work;
use super::site;

pub(super) const NAME: &str = "fastsession, sealed";

/// With all defaults.
pub(super) fn contender(work: Work) -> Result<Contender> {
    let keys = KeyRing::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")?;
    let manager = SessionManager::builder(keys, MemoryStore::new()).build()?;
    site::contender(NAME, work, self::site(manager))
}

/// The routes of all works.
pub(crate) fn site(manager: SessionManager) -> Router {
    Router::new()
        .route("/begin", post(begin))
        .route(Work::Untouched.path(), get(|| async { "1" }))
        .route(Work::Read.path(), get(read))
        .route(Work::Write.path(), get(write).post(write))
        .route(Work::Update.path(), get(update))
        .layer(SessionLayer::new(manager))
}

async fn begin(session: Session) -> Result<&'static str, Error> {
    session.insert("user", "ada@example.org")?;
    session.insert("visits", &1_u64)?;
    Ok("1")
}

async fn read(session: Session) -> Result<&'static str, Error> {
    std::hint::black_box(session.get::<u64>("visits")?);
    Ok("1")
}

async fn write(session: Session) -> Result<&'static str, Error> {
    session.insert("visits", &super::next())?;
    Ok("1")
}

async fn update(session: Session) -> Result<&'static str, Error> {
    session.update("visits", |visits: Option<u64>| visits.unwrap_or(0) + 1)?;
    Ok("1")
}
