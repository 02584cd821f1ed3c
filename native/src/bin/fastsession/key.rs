//! `fastsession key`

use std::io::Write;

use clap::Subcommand;
use fastsession_core::OsRng;
use fastsession_core::rand_core::UnwrapErr;
use fastsession_core::token::{DEFAULT_ITERATIONS, Key};

use crate::failure::Failure;
use crate::stdio;

const DERIVE_EXAMPLES: &str = "Example:
  A salt is made once and kept beside the service's configuration; it is no secret.
    openssl rand -hex 16
    fastsession key derive --salt-hex 5f0e… < passphrase.txt";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write a new random key to standard output
    Generate,
    /// Write the key of a passphrase to standard output
    ///
    /// The passphrase is read from standard input; one line end behind it does not belong to it. The key is
    /// PBKDF2-HMAC-SHA256 of it.
    #[command(after_help = DERIVE_EXAMPLES)]
    Derive {
        /// The salt in hexadecimal, preferably 16 random bytes
        #[arg(long, value_name = "HEX", value_parser = parse_hex)]
        salt_hex: Salt,
        /// PBKDF2 iterations; fewer than the default only for a service that already uses them
        #[arg(long, value_name = "N", default_value_t = DEFAULT_ITERATIONS)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        iterations: u32,
    },
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let key = match self {
            Self::Generate => Key::generate(&mut UnwrapErr(OsRng)),
            Self::Derive { salt_hex, iterations } => derive(&salt_hex, iterations)?,
        };
        stdio::write_line(&key.to_text())
    }
}

/// The least bytes of a salt, RFC 8018 section 4.1.
const SALT_LENGTH: usize = 8;

fn derive(salt: &Salt, iterations: u32) -> Result<Key, Failure> {
    if iterations < DEFAULT_ITERATIONS {
        warn(&format!(
            "{iterations} iterations; with fewer than {DEFAULT_ITERATIONS} the passphrase is easier to guess"
        ));
    }
    if salt.0.len() < SALT_LENGTH {
        warn(&format!(
            "a salt of {} bytes; with fewer than {SALT_LENGTH}, one guess serves for other services' keys too",
            salt.0.len()
        ));
    }
    let input = stdio::read()?;
    Key::derive_with_iterations(without_line_end(&input), &salt.0, iterations)
        .map_err(|error| Failure::untried("no key", error))
}

fn warn(what: &str) {
    let _ = writeln!(std::io::stderr(), "fastsession: warning: {what}");
}

fn without_line_end(text: &[u8]) -> &[u8] {
    match text {
        [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
        _ => text,
    }
}

#[derive(Clone)]
pub(crate) struct Salt(Vec<u8>);

fn parse_hex(text: &str) -> Result<Salt, String> {
    let (pairs, []) = text.as_bytes().as_chunks() else { return Err("an odd number of digits".to_owned()) };
    if pairs.is_empty() {
        return Err("a salt has at least one byte".to_owned());
    }
    let byte = |&[high, low]: &[u8; 2]| Some(digit(high)? << 4 | digit(low)?);
    let bytes: Option<_> = pairs.iter().map(byte).collect();
    bytes.map(Salt).ok_or_else(|| "only the digits 0-9 and a-f".to_owned())
}

fn digit(symbol: u8) -> Option<u8> {
    char::from(symbol).to_digit(16).and_then(|digit| digit.try_into().ok())
}
