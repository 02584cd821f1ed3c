//! Runs the program as an operator does.

use std::io::Write;
use std::process::{Command, Output, Stdio};

pub(crate) const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

/// Runs the program with the words of `arguments`, `key` in the environment and `input`.
pub(crate) fn run(arguments: &str, key: Option<&str>, input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fastsession"));
    command.args(arguments.split_whitespace()).env_remove("FASTSESSION_KEY").env_remove("FASTSESSION_STORE");
    if let Some(key) = key {
        command.env("FASTSESSION_KEY", key);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// What the program wrote, having ended well.
pub(crate) fn output(arguments: &str, key: Option<&str>, input: &[u8]) -> Vec<u8> {
    let run = run(arguments, key, input);
    assert!(run.status.success(), "{arguments}: {}", run.stderr.escape_ascii());
    run.stdout
}

/// The one line that the program wrote to standard error, having ended with `status` and without output.
pub(crate) fn complaint(status: i32, arguments: &str, key: Option<&str>, input: &[u8]) -> String {
    let run = run(arguments, key, input);
    assert_eq!(run.status.code(), Some(status), "{arguments}: {}", run.stderr.escape_ascii());
    assert!(run.stdout.is_empty(), "{arguments}");
    let stderr = String::from_utf8(run.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{arguments}: {stderr}");
    stderr
}
