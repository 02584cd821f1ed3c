//! The process on the other side.

use fastsession_tests::script::Script;

/// What the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The operation's result.
    Ok(Vec<u8>),
    /// It refused the token.
    Refused,
    /// It raised something else, which its callers do not expect.
    Raised(String),
}

impl Answer {
    pub(crate) fn unwrap(self) -> Vec<u8> {
        match self {
            Self::Ok(bytes) => bytes,
            other => panic!("the other side: {other:?}"),
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

/// One process, which answers requests line by line.
pub(crate) struct Peer(Script);

impl Peer {
    /// pyca/cryptography.
    pub(crate) fn start() -> Self {
        Self(Script::python("pyca/peer.py"))
    }

    /// The npm package, as `cargo xtask wasm` builds it.
    pub(crate) fn javascript() -> Self {
        Self(Script::javascript("pyca/package.mjs"))
    }

    /// The answers to all `requests`, in their order. It ends the process.
    pub(crate) fn ask(self, requests: &[Request]) -> Vec<Answer> {
        let lines: Vec<String> = requests.iter().map(|Request(line)| line.clone()).collect();
        self.0.ask(&lines).iter().map(|line| read(line)).collect()
    }
}

fn read(line: &str) -> Answer {
    match line.split_once('\t') {
        Some(("ok", value)) => Answer::Ok(hex::decode(value).unwrap()),
        Some(("raised", name)) => Answer::Raised(name.to_owned()),
        _ => Answer::Refused,
    }
}

/// A line that `peer.py` and, but for the last two, `package.mjs` understand.
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
