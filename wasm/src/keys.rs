//! The keys, as the driver sends them.

use alloc::vec::Vec;

use fastsession_core::token::{Key, KeyRing, MAX_KEYS};

use crate::failure::Failure;
use crate::message::Reader;

/// Reads keys as text, newest first.
pub(crate) fn ring(settings: &mut Reader<'_>) -> Result<KeyRing, Failure> {
    let count = settings.length();
    let mut keys = Vec::with_capacity(count.min(MAX_KEYS));
    for position in 1..=count {
        settings.check()?;
        keys.push(Key::parse(settings.text()).map_err(|error| Failure::Key(position, error))?);
    }
    Ok(KeyRing::from_keys(keys)?)
}
