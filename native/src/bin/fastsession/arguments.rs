//! Reading the command line, and saying what is wrong with it without showing what may be a password.

use std::ffi::OsString;

use clap::Parser;

use crate::failure::note;

/// What stands for an argument that is not shown.
const HIDDEN: &str = "(not shown: it may hold a password)";

/// The arguments of this process, or the exit status after having told what is wrong with them or having given help.
pub(crate) fn read<Arguments: Parser>() -> Result<Arguments, i32> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    Arguments::try_parse_from(&arguments).map_err(|error| {
        let status = error.exit_code();
        if !error.use_stderr() {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            return status;
        }
        let text = error.to_string();
        let shown = hide(&text, arguments.iter().map(|argument| argument.to_string_lossy().into_owned()));
        // Whoever closed standard error does not want to know.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), shown.as_bytes());
        if shown != text {
            note("a store is given as --store URL, or in the variable FASTSESSION_STORE");
        }
        status
    })
}

/// The text without those of the arguments that look like a URL or a login.
fn hide(text: &str, arguments: impl Iterator<Item = String>) -> String {
    let mut secrets: Vec<String> = arguments
        .flat_map(|argument| {
            // Of --name=value the value is shown by itself.
            let value = argument.split_once('=').map(|(_, value)| value.to_owned());
            [Some(argument), value]
        })
        .flatten()
        .filter(|argument| argument.contains("://") || argument.contains('@'))
        .collect();
    // What holds another one goes first.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_login_is_hidden() {
        let arguments = ["list", "--x=redis://me:pass=word@host", "me:swordfish@host", "plain"];
        let text =
            "no --x=redis://me:pass=word@host, redis://me:pass=word@host, 'me:swordfish@host', plain, list";
        let shown = hide(text, arguments.map(str::to_owned).into_iter());
        assert_eq!(shown, format!("no {HIDDEN}, {HIDDEN}, '{HIDDEN}', plain, list"));
    }
}
