//! What a request did to its session, as the driver tells it.

use alloc::vec::Vec;
use core::time::Duration;

use fastsession_core::session::Session;
use fastsession_core::time::UnixTime;

use crate::failure::Failure;
use crate::message::Reader;

// The numbers are the same in js/src/core/phases.ts.
const INSERT: u64 = 0;
const UPDATE: u64 = 1;
const FLASH: u64 = 2;
const REMOVE: u64 = 3;
const REMOVE_FLASH: u64 = 4;
const CLEAR: u64 = 5;
const SIGN_IN: u64 = 6;
const LABEL: u64 = 7;
const LIFETIME: u64 = 8;
const ROTATE: u64 = 9;
const DESTROY: u64 = 10;

/// Makes one change, an array: what, the key or name it concerns, an encoded value, and two times or durations in seconds.
fn apply(session: &mut Session<Vec<u8>>, change: &mut Reader<'_>) -> Result<(), Failure> {
    change.length();
    let (what, name, value) = (change.number(), change.text(), change.bytes());
    let (first, second) = (change.optional_number(), change.optional_number());
    change.check()?;
    let made = match what {
        INSERT => session.insert_encoded(name, value, first.map(UnixTime::from_secs)),
        UPDATE => session.update_encoded(name, value),
        FLASH => session.flash_encoded(name, value),
        REMOVE => session.remove(name).map(drop),
        REMOVE_FLASH => session.remove_flash(name).map(drop),
        CLEAR => session.clear(),
        SIGN_IN => session.sign_in(name),
        LABEL => session.set_label(name),
        LIFETIME => session.set_lifetime(first.map(Duration::from_secs), second.map(Duration::from_secs)),
        ROTATE => session.rotate(),
        DESTROY => {
            session.destroy();
            Ok(())
        }
        _ => return Err(Failure::Internal),
    };
    Ok(made?)
}

/// Makes all changes.
pub(crate) fn apply_all(session: &mut Session<Vec<u8>>, changes: &mut Reader<'_>) -> Result<(), Failure> {
    for _ in 0..changes.length() {
        apply(session, changes)?;
    }
    Ok(())
}
