//! What the environment says.

use crate::key;
use anyhow::{Context as _, Result, bail};
use std::env::VarError;
use std::path::PathBuf;

/// How the demo runs.
#[allow(dead_code, reason = "the stand-in has no use for some")]
pub(crate) struct Config {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub(crate) port: u16,
    /// Where the sessions are kept.
    pub(crate) store: StoreLocation,
    /// The Fernet key, in base64.
    pub(crate) key: String,
    /// Whether browsers reach the site by https only.
    pub(crate) secure: bool,
    /// Whether a cookie that does not open is refused instead of ignored.
    pub(crate) strict: bool,
}

/// Where the sessions are kept.
#[allow(dead_code, reason = "the stand-in has no use for some")]
pub(crate) enum StoreLocation {
    /// In this process, until it ends.
    Memory,
    /// In files under this folder.
    Folder(PathBuf),
}

impl Config {
    /// Reads the environment; makes a key if it names none and none was made before.
    ///
    /// # Errors
    /// If a variable has no meaning, or the key can be neither read nor made.
    pub(crate) fn from_environment() -> Result<Self> {
        let port = variable("PORT")?.unwrap_or_else(|| "8080".into());
        let store = variable("FASTSESSION_STORE")?.unwrap_or_else(|| "file:./.fastsession".into());
        Ok(Self {
            port: port.parse().with_context(|| format!("PORT is no port: '{port}'"))?,
            store: store_location(&store)?,
            key: match variable("FASTSESSION_KEY")? {
                Some(key) => key,
                None => key::read_or_make()?,
            },
            secure: switch("FASTSESSION_SECURE")?,
            strict: switch("FASTSESSION_STRICT")?,
        })
    }
}

fn store_location(url: &str) -> Result<StoreLocation> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(StoreLocation::Memory),
        Some(("file", folder)) if !folder.is_empty() => Ok(StoreLocation::Folder(folder.into())),
        _ => bail!("FASTSESSION_STORE is neither file:FOLDER nor memory: but '{url}'"),
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
