//! Keys and tokens by hand.

use crate::program::{KEY, complaint, output, run};

/// The published vector: "hello", made at 499162800.
const TOKEN: &str =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

#[test]
fn generated_keys_seal_and_open() {
    let key = String::from_utf8(output("key generate", None, b"")).unwrap();
    assert_eq!(key.len(), 45);
    assert_ne!(key.as_bytes(), output("key generate", None, b""));
    let payload: Vec<u8> = (0..=255).chain(*b"\n\0\n").collect();
    let token = output("token encrypt", Some(&key), &payload);
    assert_eq!(token.last(), Some(&b'\n'));
    assert_eq!(output("token decrypt --ttl 60", Some(&key), &token), payload);
}

#[test]
fn keys_are_derived_from_passphrases() {
    // Python: base64.urlsafe_b64encode(hashlib.pbkdf2_hmac("sha256", b"correct horse", bytes(range(16)), n))
    let arguments = "key derive --salt-hex 000102030405060708090a0b0c0d0e0F";
    let default = output(arguments, None, b"correct horse");
    assert_eq!(default, b"lqWQTC4IyNpCMF28xdfPGOrSY21J9ZUmtgbyZpYoFHM=\n");
    let weak = format!("{arguments} --iterations 100");
    for input in ["correct horse", "correct horse\n", "correct horse\r\n"] {
        assert_eq!(
            output(&weak, None, input.as_bytes()),
            b"55OAd2tflUTH4YSz1J9pqJKxekgvYjw3bPGXGUbRpZE=\n",
            "{input:?}"
        );
    }
    assert_ne!(output(&weak, None, b"correct horse\n\n"), b"55OAd2tflUTH4YSz1J9pqJKxekgvYjw3bPGXGUbRpZE=\n");
    assert!(run(&weak, None, b"correct horse").stderr.starts_with(b"fastsession: warning: "));
    // Eight bytes are the least of a salt.
    for (salt, warnings) in [("00010203040506", 2), ("0001020304050607", 1)] {
        let said =
            run(&format!("key derive --iterations 1 --salt-hex {salt}"), None, b"correct horse").stderr;
        assert_eq!(String::from_utf8_lossy(&said).matches("fastsession: warning: ").count(), warnings);
    }
    assert!(complaint(2, arguments, None, b"\n").contains("empty"));
}

#[test]
fn unusable_arguments_are_usage_errors() {
    let cases = [
        "",
        "key",
        "key derive",
        "key derive --salt-hex 0",
        "key derive --salt-hex 0g",
        "key derive --salt-hex +1",
        "key derive --salt-hex 00 --iterations 0",
        "token decrypt --ttl -1",
        "token decrypt --at noon",
        "tokens",
        "token encrypt --key secret",
    ];
    for arguments in cases {
        assert_eq!(run(arguments, Some(KEY), b"x").status.code(), Some(2), "{arguments}");
    }
}

#[test]
fn help_teaches() {
    for arguments in
        ["--help", "key --help", "key derive --help", "token encrypt --help", "token decrypt --help"]
    {
        let help = String::from_utf8(output(arguments, None, b"")).unwrap();
        assert!(help.contains("Usage: fastsession"), "{help}");
    }
    let help = String::from_utf8(output("--help", None, b"")).unwrap();
    assert!(help.contains("fastsession key generate") && help.contains("Exit status"));
}

#[test]
fn tokens_are_judged_by_their_time() {
    let opens = [
        "",
        "--ttl 60 --at 499162860",
        "--ttl 0 --at 499162800",
        "--ttl 0 --at 499162740",
        "--strict --at 499162740",
        "--strict --ttl 60 --at 499162860",
    ];
    for arguments in opens {
        let arguments = format!("token decrypt {arguments}");
        assert_eq!(output(&arguments, Some(KEY), TOKEN.as_bytes()), b"hello", "{arguments}");
    }
    let refused = [
        "--ttl 60",
        "--ttl 60 --at 499162861",
        "--ttl 60 --at 499162739",
        "--strict --at 499162739",
        "--strict --at 0",
    ];
    for arguments in refused {
        let arguments = format!("token decrypt {arguments}");
        let line = complaint(1, &arguments, Some(KEY), TOKEN.as_bytes());
        assert_eq!(line, "fastsession: the token is invalid or expired\n");
    }
    // Without either there is nothing to judge.
    let refused = run("token decrypt --at 499162800", Some(KEY), TOKEN.as_bytes());
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(
        refused.status.code() == Some(2) && text.contains("--ttl") && text.contains("--strict"),
        "{text}"
    );
    let token = output("token encrypt --at 18446744073709551615", Some(KEY), b"");
    assert_eq!(output("token decrypt", Some(KEY), &token), b"");
}

#[test]
fn refused_tokens_all_look_alike() {
    let other = output("key generate", None, b"");
    let other = str::from_utf8(&other).unwrap();
    let changed = TOKEN.replace("gAAAAA", "gAAAAB");
    for (key, token) in [(other, TOKEN), (KEY, ""), (KEY, "hello"), (KEY, &TOKEN[..99]), (KEY, &changed)] {
        let line = complaint(1, "token decrypt", Some(key), token.as_bytes());
        assert_eq!(line, "fastsession: the token is invalid or expired\n");
    }
    // Both keys together open it, wherever the right one stands.
    for keys in [format!("{KEY},{other}"), format!("{other},{KEY}")] {
        assert_eq!(output("token decrypt", Some(&keys), format!(" {TOKEN}\r\n").as_bytes()), b"hello");
    }
}

#[test]
fn unusable_keys_are_named_and_not_shown() {
    assert!(complaint(2, "token decrypt", None, b"").contains("set FASTSESSION_KEY"));
    let line = complaint(2, "token encrypt", Some("swordfish"), b"");
    assert!(line.contains("key 1") && !line.contains("swordfish"), "{line}");
    assert!(
        complaint(2, "token decrypt --key-file /nonexistent/key", Some(KEY), b"")
            .contains("/nonexistent/key")
    );
}

#[cfg(unix)]
#[test]
fn a_key_file_must_not_be_public() {
    use std::os::unix::fs::PermissionsExt;

    let path = std::env::temp_dir().join(format!("fastsession-cli-{}", std::process::id()));
    std::fs::write(&path, format!("{KEY}\n")).unwrap();
    let arguments = format!("token decrypt --key-file {}", path.display());
    for (mode, is_private) in [(0o600, true), (0o400, true), (0o640, true), (0o644, false), (0o604, false)] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        if is_private {
            // The file goes before the environment.
            assert_eq!(output(&arguments, Some("swordfish"), TOKEN.as_bytes()), b"hello", "{mode:o}");
        } else {
            assert!(complaint(2, &arguments, None, TOKEN.as_bytes()).contains("chmod 600"), "{mode:o}");
        }
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn inspection_needs_no_key_and_says_so() {
    let text = String::from_utf8(output("token inspect", None, TOKEN.as_bytes())).unwrap();
    assert!(text.starts_with("unverified: "), "{text}");
    assert!(text.contains("499162800 (1985-10-26T08:20:00Z)"), "{text}");
    assert!(text.contains("token:      73 bytes") && text.contains("payload:    0 to 15 bytes"), "{text}");
    let late = output("token encrypt --at 18446744073709551615", Some(KEY), b"");
    let text = String::from_utf8(output("token inspect", None, &late)).unwrap();
    assert!(text.contains("made at:    18446744073709551615\n"), "{text}");
    assert!(complaint(1, "token inspect", None, b"hello").contains("not shaped like"));
}
