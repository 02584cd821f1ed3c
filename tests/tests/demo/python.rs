//! Python's `cryptography`, an implementation of Fernet by other people.

use std::path::PathBuf;
use std::process::Command;

/// What the token holds, as the key's owner reads it.
pub(crate) fn decrypt(key: &str, token: &str) -> String {
    run("print(Fernet(sys.argv[1]).decrypt(sys.argv[2]).decode(), end='')", &[key, token])
}

/// A token that was made at `time`, in seconds since 1970.
pub(crate) fn encrypt_at(key: &str, payload: &str, time: u64) -> String {
    let script =
        "print(Fernet(sys.argv[1]).encrypt_at_time(sys.argv[2].encode(), int(sys.argv[3])).decode(), end='')";
    run(script, &[key, payload, &time.to_string()])
}

/// A fresh key.
pub(crate) fn generate_key() -> String {
    run("print(Fernet.generate_key().decode(), end='')", &[])
}

fn run(script: &str, arguments: &[&str]) -> String {
    let script = format!("import sys\nfrom cryptography.fernet import Fernet\n{script}");
    let output = Command::new(interpreter()).arg("-c").arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one that has the package: what `FASTSESSION_TEST_PYTHON` names, or what the set-up has installed.
fn interpreter() -> PathBuf {
    std::env::var_os("FASTSESSION_TEST_PYTHON").map_or_else(
        || {
            let test = std::env::current_exe().unwrap();
            let python = test.ancestors().nth(3).unwrap().join("venv/bin/python");
            assert!(python.exists(), "no Python: cargo xtask setup");
            python
        },
        PathBuf::from,
    )
}
