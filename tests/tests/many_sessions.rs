//! 20,000 sessions in one store are read as fast as 1,000, and purged with as little memory.
//!
//! `cargo xtask many` does the same with a million.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use std::process::Command;

fn many_sessions(kind: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_many_sessions"));
    let status = command.args([kind, "20000"]).arg(folder.path()).status().expect("it starts");
    assert!(status.success(), "see above");
}

#[test]
fn in_files() {
    many_sessions("file");
}

#[test]
fn in_sqlite() {
    many_sessions("sqlite");
}
