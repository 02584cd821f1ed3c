//! The keys, as the driver sends them.

use fastsession_core::token::{Key, KeyRing, RingError};

use crate::failure::Failure;
use crate::message::Reader;

/// Reads keys as text, newest first.
pub(crate) fn ring(settings: &mut Reader<'_>) -> Result<KeyRing, Failure> {
    let mut ring = None;
    for position in 1..=settings.length() {
        settings.check()?;
        let key = Key::parse(settings.text()).map_err(|error| Failure::Key(position, error))?;
        match &mut ring {
            None => ring = Some(KeyRing::new(key)),
            Some(ring) => ring.add(&key)?,
        }
    }
    Ok(ring.ok_or(RingError::NoKeys)?)
}
