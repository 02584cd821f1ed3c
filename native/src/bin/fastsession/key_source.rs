//! Where keys come from: a file or the environment, never an argument.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use fastsession_core::token::KeyRing;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::stdio;

const VARIABLE: &str = "FASTSESSION_KEY";

#[derive(Args)]
pub(crate) struct KeySource {
    /// Read the keys from FILE instead of the variable `FASTSESSION_KEY`
    ///
    /// One or several keys, newest first, separated by commas or white space. A file that is
    /// open to every user of the machine is refused.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl KeySource {
    /// Whether a file was named.
    pub(crate) fn is_given(&self) -> bool {
        self.key_file.is_some()
    }

    /// The keys of the file, or else of the environment.
    pub(crate) fn load(&self) -> Result<KeyRing, Failure> {
        let (text, origin) = match &self.key_file {
            Some(path) => (read_file(path)?, path.display().to_string()),
            None => (read_variable()?, VARIABLE.to_owned()),
        };
        KeyRing::parse(&text).map_err(|error| Failure::untried(&origin, error))
    }
}

fn read_variable() -> Result<Zeroizing<String>, Failure> {
    match std::env::var(VARIABLE) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(std::env::VarError::NotPresent) => Err(Failure::Untried(format!(
            "there is no key: set {VARIABLE} or give --key-file FILE; `fastsession key generate` makes one"
        ))),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::Untried(format!("{VARIABLE}: not text"))),
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| Failure::untried(&name, error))?;
    refuse_if_public(&file, &name)?;
    let bytes = stdio::read_from(file, &name)?;
    let text = str::from_utf8(&bytes).map_err(|_| Failure::Untried(format!("{name}: not text")))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Asks the open file, so that no other one can take its place in between.
#[cfg(unix)]
fn refuse_if_public(file: &File, name: &str) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;

    let mode = file.metadata().map_err(|error| Failure::untried(name, error))?.mode();
    if mode & 0o007 != 0 {
        return Err(Failure::Untried(format!("{name}: open to every user of the machine; chmod 600 it")));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_if_public(_: &File, _: &str) -> Result<(), Failure> {
    Ok(())
}
