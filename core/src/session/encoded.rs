//! Values that are encoded already: for hosts in another language, which encode values themselves.

use super::{How, Session, SessionError};
use crate::buffer::Buffer;
use crate::record::entries::Life;
use crate::time::UnixTime;
use crate::value::{self, writer::Writer};

impl<B: Buffer> Session<B> {
    /// As [`Self::insert`] or, with an `end`, [`Self::insert_until`], for a value in the encoding of [`value`].
    ///
    /// # Errors
    /// As [`Self::insert`]; [`SessionError::Value`] if the bytes are not exactly one value.
    pub fn insert_encoded(
        &mut self,
        key: &str,
        value: &[u8],
        end: Option<UnixTime>,
    ) -> Result<(), SessionError> {
        self.write_encoded(key, end.map_or(Life::Session, Life::Until), How::Set, value)
    }

    /// As [`Self::update`], where the caller has read the old value, and `value` is what it made of it. The value's own
    /// expiry, if it has one, stays.
    ///
    /// # Errors
    /// As [`Self::insert_encoded`].
    pub fn update_encoded(&mut self, key: &str, value: &[u8]) -> Result<(), SessionError> {
        let now = self.now;
        let entry = self.data.find(key, false)?.filter(|entry| !entry.life.is_over(now));
        let life = entry.map_or(Life::Session, |entry| entry.life);
        self.write_encoded(key, life, if self.intent.cleared { How::Set } else { How::Update }, value)
    }

    /// As [`Self::flash`], for a value in the encoding of [`value`].
    ///
    /// # Errors
    /// As [`Self::insert_encoded`].
    pub fn flash_encoded(&mut self, key: &str, value: &[u8]) -> Result<(), SessionError> {
        self.write_encoded(key, Life::Flash, How::Set, value)
    }

    /// The keys of the flash values that are still unread, and their encoded values.
    pub fn flash_values(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let entries = self.data.entries().flatten().filter(|entry| entry.life.is_flash());
        entries.map(|entry| (entry.key(), entry.value))
    }

    fn write_encoded(&mut self, key: &str, life: Life, how: How, value: &[u8]) -> Result<(), SessionError> {
        value::validate(value)?;
        self.write_with(key, life, how, |buffer, limit| Writer::new(buffer, limit).append([], value))
    }
}
