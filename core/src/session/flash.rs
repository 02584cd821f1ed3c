//! Flash values: kept for a later request, gone once read.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{How, Session, SessionError};
use crate::buffer::Buffer;
use crate::record::entries::Life;
use crate::value;

impl<B: Buffer> Session<B> {
    /// Stores a value that [`Self::take_flash`] gives once (to each of several requests, if they run at the same time). Flash values have keys of their own: they do not meet the
    /// values of [`Self::insert`].
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn flash<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), SessionError> {
        self.write(key, Life::Flash, How::Set, value)
    }

    /// The flash value under `key`, which is removed.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_flash<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, SessionError> {
        self.check_usable()?;
        let Some(entry) = self.data.find(key, true)? else { return Ok(None) };
        let value = value::read(entry.value).map_err(|error| SessionError::read(key, error))?;
        self.remove_entry(key, true)?;
        Ok(Some(value))
    }

    /// Removes the flash value under `key`; tells whether there was one.
    ///
    /// # Errors
    /// As [`Self::remove`].
    pub fn remove_flash(&mut self, key: &str) -> Result<bool, SessionError> {
        self.check_usable()?;
        self.remove_entry(key, true)
    }

    /// The keys of the flash values that are still unread.
    pub fn flash_keys(&self) -> impl Iterator<Item = &str> {
        self.data.entries().flatten().filter(|entry| entry.life.is_flash()).map(|entry| entry.key())
    }
}
