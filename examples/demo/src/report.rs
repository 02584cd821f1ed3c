//! Words for the operator.

use std::fmt::Display;
use std::io::Write as _;

/// Writes a line to standard error. Unlike `eprintln!` it does not panic where that fails, as it does when
/// the disk that holds both the log and the sessions is full.
pub(crate) fn report(message: impl Display) {
    let _ = writeln!(std::io::stderr(), "{message}");
}
