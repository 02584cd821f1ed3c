//! The phases of a request.

use alloc::vec::Vec;

use fastsession_core::manager::{Manager, Sources};
use fastsession_core::session::CsrfToken;
use fastsession_core::store::StoreKey;
use fastsession_core::time::UnixTime;
use spin::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::border::{self, Kept};
use crate::change;
use crate::config;
use crate::failure::Failure;
use crate::message::{Reader, Writer};
use crate::outcome::{self, Request};
use crate::random::HostRandom;
use crate::state;

// The phases; the numbers are the same in js/src/core/phases.ts.
const NEW: u32 = 0;
const FREE: u32 = 1;
const OPEN: u32 = 2;
const RESUME: u32 = 3;
const APPLY: u32 = 4;
const COMMIT: u32 = 5;
const VERIFY_CSRF: u32 = 6;
const REMOVAL_COOKIES: u32 = 7;
const OWNER_KEYS: u32 = 8;
const OPEN_LISTING: u32 = 9;

/// Flags of [`COMMIT`].
const DISCARD: u64 = 1;
const REOPEN: u64 = 2;

/// A manager decides everything about sessions that is the same for every request; it is made once.
static MANAGERS: Mutex<Kept<Manager>> = Mutex::new(Kept::new());

/// Runs a phase with the manager of this number, on a message of `length` bytes, at `now` in seconds; tells where the answer is.
#[wasm_bindgen]
pub fn sessions(phase: u32, manager: usize, now: f64, length: usize) -> *const u8 {
    border::call(length, |message, out| run(phase, manager, border::time(now), message, out))
}

fn run(
    phase: u32,
    number: usize,
    now: UnixTime,
    message: &mut Reader<'_>,
    out: &mut Writer,
) -> Result<(), Failure> {
    let mut managers = MANAGERS.lock();
    match phase {
        NEW => out.length(managers.keep(config::build(message)?)),
        FREE => managers.free(number),
        _ => return serve(managers.get(number)?, phase, now, message, out),
    }
    Ok(())
}

/// The phases of a manager that is there.
fn serve(
    manager: &Manager,
    phase: u32,
    now: UnixTime,
    message: &mut Reader<'_>,
    out: &mut Writer,
) -> Result<(), Failure> {
    match phase {
        // Finds the session cookie. Gives which key to read, where to look whether the session has ended, and the phase.
        OPEN => state::finish_pending(out, &manager.open([message.bytes()], now))?,
        // Makes the session of the record that the store holds, if any.
        RESUME => {
            let pending = manager.unpark_pending(message.bytes())?;
            let has_ended = message.flag();
            let sources = Sources { record: message.bytes().to_vec(), copy: Vec::new(), has_ended };
            message.check()?;
            let copies = manager.data_cookies([message.bytes()]);
            state::finish(out, &manager.resume_placed(pending, copies, sources, now), None)?;
        }
        // The `Set-Cookie` headers that remove the session's cookies.
        REMOVAL_COOKIES => out.list(manager.removal_cookies(), |out, cookie| out.utf8(&cookie.to_bytes())),
        // The names of a user's lists.
        OWNER_KEYS => out.list(manager.owner_keys(message.text()), |out, key| out.text(&key.to_hex())),
        // Opens an entry of a list: its label, when the session began, and when it was last seen; nothing if it is not ours.
        OPEN_LISTING => {
            let key = StoreKey::from_hex(message.text());
            if let Some(listing) = key.and_then(|key| manager.open_listing(&key, message.bytes())) {
                out.text(&listing.label);
                out.number(listing.created.as_secs());
                out.number(listing.last_seen.as_secs());
            }
        }
        _ => return go_on(manager, phase, now, message, out),
    }
    Ok(())
}

/// The phases of a session that was read before.
fn go_on(
    manager: &Manager,
    phase: u32,
    now: UnixTime,
    message: &mut Reader<'_>,
    out: &mut Writer,
) -> Result<(), Failure> {
    let mut session = manager.unpark(message.bytes().to_vec())?;
    match phase {
        // Whether this is a CSRF token of the session.
        VERIFY_CSRF => out.flag(session.verify_csrf(message.bytes())),
        // Makes changes, and a CSRF token if there is randomness for it.
        APPLY => {
            let random = message.bytes();
            change::apply_all(&mut session, message)?;
            message.check()?;
            let mut token = None;
            if !random.is_empty() {
                let mut random = HostRandom::new(random)?;
                token = Some(session.csrf_token(&mut random)?);
                random.check()?;
            }
            state::finish(out, &session, token.as_ref().map(CsrfToken::as_str))?;
        }
        // Makes changes, then seals the session. Gives what is to be written and, if all of that succeeds, sent.
        COMMIT => {
            let flags = message.number();
            let random = message.bytes();
            change::apply_all(&mut session, message)?;
            if flags & DISCARD != 0 {
                session.discard_changes();
            }
            outcome::commit(
                manager,
                Request { session, now, random, reopen: flags & REOPEN != 0 },
                message,
                out,
            )?;
        }
        _ => return Err(Failure::Internal),
    }
    Ok(())
}
