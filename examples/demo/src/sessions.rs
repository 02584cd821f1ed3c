//! The sessions, as the configuration wants them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use fastsession::{KeyRing, SessionManager, store};

/// How often expired sessions are cleared away.
const SWEEP: Duration = Duration::from_mins(10);

/// Opens the store at a URL, and keeps it tidy as long as the process runs.
///
/// # Errors
/// If the store cannot be opened.
pub(crate) async fn open(keys: KeyRing, store: &str, is_secure: bool) -> Result<SessionManager> {
    let store = store::open(store).await.context("FASTSESSION_STORE cannot be used")?;
    let builder = SessionManager::builder(keys, store).secure(is_secure);
    // By plain http, browsers refuse a cookie with the prefix of the default name.
    let builder = if is_secure { builder } else { builder.cookie_name("session") };
    let sessions = builder.build()?;
    tokio::spawn(sweep(sessions.clone()));
    Ok(sessions)
}

async fn sweep(sessions: SessionManager) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        if let Err(error) = sessions.purge_expired().await {
            tracing::warn!(%error, "expired sessions were not cleared away");
        }
    }
}
