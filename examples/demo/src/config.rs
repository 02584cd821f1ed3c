//! What the environment says.

use std::env::VarError;

use anyhow::{Context as _, Result, bail};
use fastsession::KeyRing;

use crate::key;

/// How the demo runs.
pub(crate) struct Config {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub(crate) port: u16,
    /// The URL of the place where the sessions are kept.
    pub(crate) store: String,
    /// The Fernet keys that seal the cookies, newest first.
    pub(crate) keys: KeyRing,
    /// Whether browsers reach the site by https only.
    pub(crate) is_secure: bool,
    /// Whether a cookie that does not open is refused instead of ignored.
    pub(crate) is_strict: bool,
}

impl Config {
    /// Reads the environment; makes a key if it names none and none was made before.
    ///
    /// # Errors
    /// If a variable has no meaning, or the key can be neither read nor made.
    pub(crate) fn from_environment() -> Result<Self> {
        let port = variable("PORT")?.unwrap_or_else(|| "8080".into());
        Ok(Self {
            port: port.parse().with_context(|| format!("PORT is no port: '{port}'"))?,
            store: variable("FASTSESSION_STORE")?.unwrap_or_else(|| "file:./.fastsession".into()),
            is_secure: switch("FASTSESSION_SECURE")?,
            is_strict: switch("FASTSESSION_STRICT")?,
            // The last, since it may make a file.
            keys: match variable("FASTSESSION_KEY")? {
                Some(keys) => KeyRing::parse(&keys).context("FASTSESSION_KEY is no Fernet key")?,
                None => KeyRing::new(key::read_or_make()?),
            },
        })
    }
}

/// A variable's value; an empty one counts as not set.
fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{name} is not UTF-8"),
    }
}

fn switch(name: &str) -> Result<bool> {
    match variable(name)?.as_deref() {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(other) => bail!("{name} is neither 0 nor 1 but '{other}'"),
    }
}
