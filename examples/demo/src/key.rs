//! The development key, which makes the demo run without any set-up.

use crate::report::report;
use anyhow::{Context as _, Result, bail};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

/// Where the key is kept between starts.
const FILE: &str = "./.fastsession-key";

/// The key of an earlier start, or a new one that is kept for the next.
///
/// # Errors
/// If the file cannot be read or made, or holds nothing.
pub(crate) fn read_or_make() -> Result<String> {
    let mut options = OpenOptions::new();
    // A file that is there already, or a link, is never written to.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(FILE) {
        Ok(mut file) => {
            let key = crate::fastsession::generate_key();
            writeln!(file, "{key}")?;
            file.sync_all()?;
            report(format_args!(
                "made a development key and kept it in {FILE}; FASTSESSION_KEY names another one"
            ));
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(),
        Err(error) => Err(error).with_context(|| format!("cannot keep a key in {FILE}")),
    }
}

fn read() -> Result<String> {
    let text = std::fs::read_to_string(FILE).with_context(|| format!("cannot read the key in {FILE}"))?;
    let key = text.trim();
    if key.is_empty() {
        bail!("{FILE} is empty, perhaps since an earlier start was cut short: remove it");
    }
    report(format_args!("using the development key in {FILE}"));
    Ok(key.to_owned())
}
