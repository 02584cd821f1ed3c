//! Fernet by itself.

use core::time::Duration;

use fastsession_core::token::{Fernet, Key};
use spin::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::border::{self, Kept};
use crate::failure::Failure;
use crate::keys;
use crate::message::{Reader, Writer};
use crate::random::HostRandom;

// The works; the numbers are the same in js/src/core/fernet.ts.
const NEW: u32 = 0;
const FREE: u32 = 1;
const ENCRYPT: u32 = 2;
const DECRYPT: u32 = 3;
const TIMESTAMP: u32 = 4;
const ROTATE: u32 = 5;
const GENERATE_KEY: u32 = 6;
const DERIVE_KEY: u32 = 7;

static FERNETS: Mutex<Kept<Fernet>> = Mutex::new(Kept::new());

/// Does a work with the Fernet of this number, on a message of `length` bytes, at `now` in seconds; tells where the answer is.
#[wasm_bindgen]
pub fn fernet(work: u32, fernet: usize, now: f64, length: usize) -> *const u8 {
    border::call(length, |message, out| run(work, fernet, now, message, out))
}

fn run(
    work: u32,
    number: usize,
    now: f64,
    message: &mut Reader<'_>,
    out: &mut Writer,
) -> Result<(), Failure> {
    let mut fernets = FERNETS.lock();
    match work {
        // Fernet under these keys, newest first.
        NEW => {
            let is_strict = message.flag();
            let fernet = Fernet::new(keys::ring(message)?);
            out.length(fernets.keep(if is_strict { fernet.strict() } else { fernet }));
        }
        FREE => fernets.free(number),
        // A new key as text.
        GENERATE_KEY => {
            let mut random = HostRandom::new(message.bytes())?;
            let key = Key::generate(&mut random);
            random.check()?;
            write_key(out, &key);
        }
        // The key of a passphrase, as text.
        DERIVE_KEY => {
            let iterations = u32::try_from(message.number()).unwrap_or(u32::MAX);
            let key = Key::derive_with_iterations(message.bytes(), message.bytes(), iterations);
            write_key(out, &key.map_err(|error| Failure::Key(1, error))?);
        }
        _ => return with(fernets.get(number)?, work, now, message, out),
    }
    Ok(())
}

fn with(
    fernet: &Fernet,
    work: u32,
    now: f64,
    message: &mut Reader<'_>,
    out: &mut Writer,
) -> Result<(), Failure> {
    let now = border::time(now);
    match work {
        ENCRYPT => {
            let mut random = HostRandom::new(message.bytes())?;
            let token = fernet.encrypt_at(message.bytes(), now, &mut random)?;
            random.check()?;
            out.utf8(token.as_bytes());
        }
        DECRYPT => {
            let ttl = message.optional_number().map(Duration::from_secs);
            out.bytes(&fernet.decrypt_at(token(message)?, ttl, now)?);
        }
        TIMESTAMP => out.number(fernet.extract_timestamp(token(message)?)?.as_secs()),
        // The same payload and time under the newest key.
        ROTATE => {
            let mut random = HostRandom::new(message.bytes())?;
            let token = fernet.rotate(token(message)?, &mut random)?;
            random.check()?;
            out.utf8(token.as_bytes());
        }
        _ => return Err(Failure::Internal),
    }
    Ok(())
}

/// What is no text is no token.
fn token<'a>(message: &mut Reader<'a>) -> Result<&'a str, Failure> {
    core::str::from_utf8(message.bytes()).map_err(|_| Failure::InvalidToken)
}

fn write_key(out: &mut Writer, key: &Key) {
    out.text(key.to_text().as_str());
}
