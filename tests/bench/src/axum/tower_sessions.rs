//! tower-sessions: data in clear in memory, a 128-bit id in the cookie, in clear, signed or encrypted.

use anyhow::Result;
use harness::Contender;
use tower_sessions::cookie::Key;
use tower_sessions::{MemoryStore, SessionManagerLayer};

use super::Work;
use super::peer_site::current::routes;
use super::site;

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
