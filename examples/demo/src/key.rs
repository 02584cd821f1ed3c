//! The development key, which makes the demo run without any set-up.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

use anyhow::{Context as _, Result};
use fastsession::Key;

/// Where the key is kept between starts.
const FILE: &str = "./.fastsession-key";

/// The key of an earlier start, or a new one that is kept for the next.
///
/// # Errors
/// If the file cannot be read or made, or holds no key.
pub(crate) fn read_or_make() -> Result<Key> {
    let mut options = OpenOptions::new();
    // A file that is there already, or a link, is never written to.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(FILE) {
        Ok(mut file) => {
            let key = Key::generate(&mut rand::rng());
            writeln!(file, "{}", key.to_text().as_str())?;
            file.sync_all()?;
            tracing::info!("made a development key and kept it in {FILE}; FASTSESSION_KEY names another one");
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(),
        Err(error) => Err(error).with_context(|| format!("cannot keep a key in {FILE}")),
    }
}

fn read() -> Result<Key> {
    let text = std::fs::read_to_string(FILE).with_context(|| format!("cannot read the key in {FILE}"))?;
    // It may be empty since an earlier start was cut short; a key that others rely on is not to be replaced unasked.
    let key =
        Key::parse(&text).with_context(|| format!("{FILE} holds no key; remove it to have one made"))?;
    tracing::info!("using the development key in {FILE}");
    Ok(key)
}
