//! Stores, by hand.

use std::path::Path;

use crate::journey::journey;
use crate::program::{KEY, complaint, output, run};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_fastsession"))
}

#[cfg(all(feature = "file", unix))]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_files() {
    let folder = tempfile::tempdir().unwrap();
    journey(program(), &format!("file:{}", folder.path().display())).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    journey(program(), &format!("sqlite:{}/sessions.db", folder.path().display())).await;
}

#[test]
fn what_would_surprise_is_refused() {
    let handle = "0".repeat(64);
    let cases = [
        "store".to_owned(),
        "store list --store file:x".to_owned(),
        // Without a word on which ones, nothing is ended.
        "store revoke --store file:x --owner ada".to_owned(),
        "store revoke --store file:x --all".to_owned(),
        format!("store revoke --store file:x --all-but {handle}"),
        format!("store revoke --store file:x --owner ada --all --session {handle}"),
        "store revoke --store file:x --owner ada --session 5f0e".to_owned(),
        format!("store revoke --store file:x --owner ada --session {}", handle.replace('0', "A")),
        "store purge --all".to_owned(),
    ];
    for arguments in &cases {
        assert_eq!(run(arguments, Some(KEY), b"").status.code(), Some(2), "{arguments}");
    }
    assert!(complaint(2, "store stats", None, b"").contains("FASTSESSION_STORE"));
    assert!(complaint(2, "store stats --store memory:", None, b"").contains("memory"));
    assert!(complaint(2, "store list --store file:x --owner ada", None, b"").contains("FASTSESSION_KEY"));
    let bad_name = "store list --store file:/ --owner ada --namespace ";
    assert_eq!(run(bad_name, Some(KEY), b"").status.code(), Some(2));
}

#[test]
fn a_store_that_is_not_there_is_an_error_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    let schemes: &[&str] = if cfg!(feature = "sqlite") { &["file", "sqlite"] } else { &["file"] };
    for scheme in schemes {
        for command in ["stats", "purge", "revoke --owner ada --all", "list --owner ada"] {
            let arguments = format!("store {command} --store {scheme}:{}", place.display());
            assert!(complaint(2, &arguments, Some(KEY), b"").contains("there is no"), "{arguments}");
            assert!(!place.exists(), "{arguments}");
        }
    }
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let arguments = "store stats --store postgres://me:swordfish@127.0.0.1:1/x";
    let line = complaint(2, arguments, None, b"");
    assert!(line.contains("127.0.0.1:1") && !line.contains("swordfish"), "{line}");
}

#[test]
fn help_teaches() {
    for arguments in [
        "store --help",
        "store stats --help",
        "store list --help",
        "store revoke --help",
        "store purge --help",
    ] {
        let help = String::from_utf8(output(arguments, None, b"")).unwrap();
        assert!(help.contains("Usage: fastsession store") && help.contains("Example"), "{help}");
    }
}
