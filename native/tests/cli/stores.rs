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
        "store revoke --store file:x --owner ada --session 5f0".to_owned(),
        format!("store revoke --store file:x --owner ada --session {handle}0"),
        format!("store revoke --store file:x --owner ada --session {}", handle.replace('0', "G")),
        format!("store revoke --store file:x --session {handle} --namespace other"),
        format!("store revoke --store file:x --session {handle} --key-file key"),
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
    assert!(line.contains("onnection refused"), "{line}");
}

#[test]
fn what_may_be_a_password_is_never_shown() {
    let url = "postgres://me:swordfish@127.0.0.1:1/x";
    let cases = [
        format!("store stats {url}"),
        format!("store {url}"),
        url.to_owned(),
        format!("store stats --stor {url}"),
        format!("store stats --stor={url}"),
        format!("store list --owner ada --store x {url}"),
        format!("store purge --json={url}"),
        format!("store revoke --all-but {url} --owner ada --store file:x"),
        format!("token decrypt --at {url}"),
        format!("key derive --salt-hex {url}"),
        "store stats me:swordfish@host".to_owned(),
        // Schemes that are none.
        "store stats --store postgras://me:swordfish@host/x".to_owned(),
        "store stats --store swordfish:x@host/x".to_owned(),
        "store stats --store redis+x://me:swordfish@host".to_owned(),
        "store stats --store redis://me:swordfish@host:port".to_owned(),
        "store stats --store file://me:swordfish@host".to_owned(),
        "store stats --store postgres://me:swordfish@host:port/x".to_owned(),
        "store stats --store mysql://me:swordfish@host:port/x".to_owned(),
    ];
    for arguments in &cases {
        let run = run(arguments, Some(KEY), b"");
        assert_eq!(run.status.code(), Some(2), "{arguments}");
        let shown = String::from_utf8([run.stdout, run.stderr].concat()).unwrap();
        assert!(!shown.contains("swordfish") && shown.len() > 40, "{arguments}: {shown}");
    }
}

/// As `| head` does.
#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    use std::process::{Command, Stdio};

    for arguments in [["key", "generate"].as_slice(), &["--help"], &["store", "list", "--help"]] {
        let mut command = Command::new(program());
        let mut child =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
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
