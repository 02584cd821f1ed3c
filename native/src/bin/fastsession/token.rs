//! `fastsession token`

use std::time::Duration;

use clap::{ArgGroup, Subcommand};
use fastsession_core::OsRng;
use fastsession_core::rand_core::UnwrapErr;
use fastsession_core::time::UnixTime;
use fastsession_core::token::{Fernet, FernetError, UnverifiedToken};

use crate::date::date_if_any;
use crate::failure::Failure;
use crate::key_source::KeySource;
use crate::stdio;

const ENCRYPT_EXAMPLES: &str = "Example (printf, since echo adds a line end, which would be encrypted too):
  printf %s \"$ID\" | fastsession token encrypt";

const DECRYPT_EXAMPLES: &str = "Examples:
  What does this cookie hold?
    echo \"$COOKIE\" | fastsession token decrypt
  Was it good for an hour at noon, the clock's skew included?
    echo \"$COOKIE\" | fastsession token decrypt --ttl 3600 --at 1735732800";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Encrypt standard input under the newest key; the token goes to standard output
    #[command(after_help = ENCRYPT_EXAMPLES)]
    Encrypt {
        #[command(flatten)]
        keys: KeySource,
        /// The time that the token says it was made, in seconds since 1970; now, if not given
        #[arg(long, value_name = "UNIX", value_parser = parse_time)]
        at: Option<UnixTime>,
    },
    /// Decrypt the token on standard input; what it holds goes to standard output
    ///
    /// White space around the token is ignored. A token that no key made, or whose time is over, is refused with
    /// exit status 1 and one line on standard error.
    #[command(after_help = DECRYPT_EXAMPLES, group = ArgGroup::new("judges").multiple(true))]
    Decrypt {
        #[command(flatten)]
        keys: KeySource,
        /// Refuse a token that is older than this, or made more than 60 seconds ahead
        #[arg(long, value_name = "SECONDS", group = "judges")]
        ttl: Option<u64>,
        /// The time that --ttl and --strict judge it by, in seconds since 1970; now, if not given
        #[arg(long, value_name = "UNIX", value_parser = parse_time, requires = "judges")]
        at: Option<UnixTime>,
        /// Refuse a token made more than 60 seconds ahead even without --ttl
        #[arg(long, group = "judges")]
        strict: bool,
    },
    /// Show what the token on standard input says of itself, without a key and so unverified
    Inspect,
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Encrypt { keys, at } => encrypt(&keys, at.unwrap_or_else(UnixTime::now)),
            Self::Decrypt { keys, ttl, at, strict } => {
                let fernet = Fernet::new(keys.load()?);
                let fernet = if strict { fernet.strict() } else { fernet };
                decrypt(&fernet, ttl.map(Duration::from_secs), at.unwrap_or_else(UnixTime::now))
            }
            Self::Inspect => inspect(),
        }
    }
}

fn encrypt(keys: &KeySource, at: UnixTime) -> Result<(), Failure> {
    let fernet = Fernet::new(keys.load()?);
    let payload = stdio::read()?;
    let token = fernet.encrypt_at(&payload, at, &mut UnwrapErr(OsRng));
    stdio::write_line(&token.map_err(|error| Failure::untried("no token", error))?)
}

fn decrypt(fernet: &Fernet, ttl: Option<Duration>, now: UnixTime) -> Result<(), Failure> {
    let input = stdio::read()?;
    match fernet.decrypt_at(input.trim_ascii(), ttl, now) {
        Ok(payload) => stdio::write(&payload),
        Err(error @ FernetError::Invalid) => Err(Failure::Refused(error.to_string())),
        Err(error @ FernetError::Full) => Err(Failure::untried("no payload", error)),
    }
}

fn inspect() -> Result<(), Failure> {
    let input = stdio::read()?;
    let token = UnverifiedToken::parse(input.trim_ascii())
        .ok_or_else(|| Failure::Refused("this is not shaped like a Fernet token".to_owned()))?;
    let ciphertext = token.ciphertext_bytes();
    stdio::write_line(&format!(
        "unverified: anybody can write these values; `fastsession token decrypt` verifies\n\
         made at:    {}\n\
         token:      {} bytes\n\
         payload:    {} to {} bytes",
        describe(token.timestamp()),
        token.token_bytes(),
        ciphertext.saturating_sub(16),
        ciphertext.saturating_sub(1),
    ))
}

/// Seconds, and the date if there is one for them.
fn describe(time: UnixTime) -> String {
    match date_if_any(time) {
        Some(date) => format!("{} ({date})", time.as_secs()),
        None => time.as_secs().to_string(),
    }
}

fn parse_time(text: &str) -> Result<UnixTime, std::num::ParseIntError> {
    text.parse().map(UnixTime::from_secs)
}
