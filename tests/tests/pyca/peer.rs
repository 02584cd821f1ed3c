//! The Python process on the other side.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

/// What pyca/cryptography said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The operation's result.
    Ok(Vec<u8>),
    /// It raised `InvalidToken`.
    Refused,
    /// It raised something else, which its callers do not expect.
    Raised(String),
}

impl Answer {
    pub(crate) fn unwrap(self) -> Vec<u8> {
        match self {
            Self::Ok(bytes) => bytes,
            other => panic!("pyca/cryptography: {other:?}"),
        }
    }

    /// The bytes, or `None` where the token was not accepted.
    pub(crate) fn accepted(&self) -> Option<&[u8]> {
        match self {
            Self::Ok(bytes) => Some(bytes),
            Self::Refused | Self::Raised(_) => None,
        }
    }
}

/// One Python process, which answers requests line by line.
pub(crate) struct Peer(Child);

impl Peer {
    pub(crate) fn start() -> Self {
        let python = std::env::var_os("FASTSESSION_TEST_PYTHON").expect(
            "FASTSESSION_TEST_PYTHON names no Python that has pyca/cryptography: run `cargo xtask test`, which makes one",
        );
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pyca/peer.py");
        let mut command = Command::new(python);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(command.spawn().expect("FASTSESSION_TEST_PYTHON can be run"))
    }

    /// The answers to all `requests`, in their order. It ends the process.
    pub(crate) fn ask(mut self, requests: &[Request]) -> Vec<Answer> {
        let (input, output) = (self.0.stdin.take().unwrap(), self.0.stdout.take().unwrap());
        // Both ends at once: neither pipe holds a whole batch.
        let answers: Vec<Answer> = thread::scope(|scope| {
            scope.spawn(move || {
                let mut input = BufWriter::new(input);
                for Request(line) in requests {
                    writeln!(input, "{line}").unwrap();
                }
            });
            BufReader::new(output).lines().map(|line| read(&line.unwrap())).collect()
        });
        assert!(self.0.wait().unwrap().success());
        assert_eq!(answers.len(), requests.len());
        answers
    }
}

fn read(line: &str) -> Answer {
    match line.split_once('\t') {
        Some(("ok", value)) => Answer::Ok(hex::decode(value).unwrap()),
        Some(("raised", name)) => Answer::Raised(name.to_owned()),
        _ => Answer::Refused,
    }
}

/// A line that `peer.py` understands.
pub(crate) struct Request(String);

impl Request {
    pub(crate) fn encrypt(keys: &str, at: u64, payload: &[u8]) -> Self {
        Self(format!("encrypt\t{keys}\t{at}\t{}", hex::encode(payload)))
    }

    pub(crate) fn decrypt(keys: &str, token: &[u8]) -> Self {
        Self(format!("decrypt\t{keys}\t{}", hex::encode(token)))
    }

    pub(crate) fn decrypt_at(keys: &str, token: &[u8], ttl: u64, now: u64) -> Self {
        Self(format!("decrypt_at\t{keys}\t{}\t{ttl}\t{now}", hex::encode(token)))
    }

    pub(crate) fn timestamp(keys: &str, token: &[u8]) -> Self {
        Self(format!("timestamp\t{keys}\t{}", hex::encode(token)))
    }

    pub(crate) fn rotate(keys: &str, token: &[u8]) -> Self {
        Self(format!("rotate\t{keys}\t{}", hex::encode(token)))
    }

    pub(crate) fn sign(key: &str, unsigned: &[u8]) -> Self {
        Self(format!("sign\t{key}\t{}", hex::encode(unsigned)))
    }

    pub(crate) fn sign_padded(key: &str, padded: &[u8]) -> Self {
        Self(format!("sign_padded\t{key}\t{}", hex::encode(padded)))
    }
}
