//! How the program ends without success.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

/// Who has to act: whoever sent the token, or whoever ran the program.
pub(crate) enum Failure {
    /// The token was judged and refused, or there is no such session. Exit status 1.
    Refused(String),
    /// Nothing was judged: wrong arguments, no usable key, a failed read or write. Exit status 2.
    Untried(String),
    /// It was done, but for what the line says. Exit status 3.
    Partial(String),
    /// Whoever ran the program stopped it. Exit status 130, as a shell's.
    Interrupted(String),
}

impl Failure {
    /// [`Failure::Untried`]: what was being done, and why it failed.
    pub(crate) fn untried(what: &str, why: impl Error) -> Self {
        Self::Untried(format!("{what}: {why}"))
    }

    /// Writes one line to standard error; returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        let (line, status) = match self {
            Self::Refused(line) => (line, 1),
            Self::Untried(line) => (line, 2),
            Self::Partial(line) => (line, 3),
            Self::Interrupted(line) => (line, 130),
        };
        note(line);
        ExitCode::from(status)
    }
}

/// Writes one line to standard error.
pub(crate) fn note(line: &str) {
    // Whoever closed standard error does not want to know.
    let _ = writeln!(std::io::stderr(), "fastsession: {line}");
}
