//! The sessions, as the configuration wants them.

use anyhow::{Context as _, Result};
use fastsession::store::{SWEEP_INTERVAL, Sweeper, SystemClock};
use fastsession::{KeyRing, SessionManager, store};

/// Opens the store at a URL, which is kept tidy as long as the second value lives.
///
/// # Errors
/// If the store cannot be opened.
pub(crate) async fn open(keys: KeyRing, store: &str, is_secure: bool) -> Result<(SessionManager, Sweeper)> {
    let store = store::open(store).await.context("FASTSESSION_STORE cannot be used")?;
    let sweeper = Sweeper::start(store.clone(), SWEEP_INTERVAL, SystemClock)?;
    let builder = SessionManager::builder(keys, store).secure(is_secure);
    // By plain http, browsers refuse a cookie with the prefix of the default name.
    let builder = if is_secure { builder } else { builder.cookie_name("session") };
    Ok((builder.build()?, sweeper))
}
