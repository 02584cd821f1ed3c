//! Reading and changing a session's values.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{How, Session, SessionError};
use crate::buffer::Buffer;
use crate::record::entries::Life;
use crate::time::UnixTime;
use crate::value::{self, ValueError};

impl<B: Buffer> Session<B> {
    /// The value under `key`, or `None`. Text and bytes can be borrowed: `get::<&str>(…)` copies nothing.
    ///
    /// # Errors
    /// [`SessionError::Read`] if the value is not a `T`.
    pub fn get<'s, T: Deserialize<'s>>(&'s self, key: &str) -> Result<Option<T>, SessionError> {
        let entry = self.data.find(key, false)?.filter(|entry| !entry.life.is_over(self.now));
        entry
            .map(|entry| value::read(entry.value))
            .transpose()
            .map_err(|error| SessionError::read(key, error))
    }

    /// Whether there is a value under `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.keys().any(|known| known == key)
    }

    /// The keys, in the order in which they were last written.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values().map(|(key, _)| key)
    }

    /// The keys and their encoded values (see [`value`]), in the order in which they were last written.
    pub fn values(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let entries = self.data.entries().flatten();
        let visible = entries.filter(|entry| !entry.life.is_flash() && !entry.life.is_over(self.now));
        visible.map(|entry| (entry.key(), entry.value))
    }

    /// Whether there is anything in it that somebody could miss.
    pub(super) fn holds_anything(&self) -> bool {
        self.data.entries().flatten().any(|entry| !entry.life.is_over(self.now))
            || self.owner().is_some()
            || !self.label().is_empty()
            || self.header.csrf_secret.is_some()
            || self.intent.lifetimes
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys().count()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys().next().is_none()
    }

    /// Stores `value` under `key`, replacing what is there. If another request stores the key as well, the one that
    /// commits last wins.
    ///
    /// # Errors
    /// [`SessionError::TooLarge`]; [`SessionError::Value`] if the value cannot be stored; [`SessionError::Key`];
    /// [`SessionError::Destroyed`].
    pub fn insert<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), SessionError> {
        self.write(key, Life::Session, How::Set, value)
    }

    /// As [`Self::insert`], for a value that is gone from `end` on.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn insert_until<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &T,
        end: UnixTime,
    ) -> Result<(), SessionError> {
        self.write(key, Life::Until(end), How::Set, value)
    }

    /// Stores under `key` what `change` makes of the value that is there, and gives it back.
    ///
    /// If another request changed the key meanwhile, the commit's conflict asks for this update again (see
    /// [`Manager::conflict`](crate::manager::Manager::conflict)), so that no update is lost. The value's own expiry, if
    /// it has one, stays.
    ///
    /// # Errors
    /// As [`Self::get`] and [`Self::insert`].
    pub fn update<T: Serialize + DeserializeOwned>(
        &mut self,
        key: &str,
        change: impl FnOnce(Option<T>) -> T,
    ) -> Result<T, SessionError> {
        self.check_usable()?;
        let now = self.now;
        let entry = self.data.find(key, false)?.filter(|entry| !entry.life.is_over(now));
        let life = entry.as_ref().map_or(Life::Session, |entry| entry.life);
        let old = entry.map(|entry| value::read(entry.value)).transpose();
        let old = old.map_err(|error| SessionError::read(key, error))?;
        let new = change(old);
        self.write(key, life, if self.intent.cleared { How::Set } else { How::Update }, &new)?;
        Ok(new)
    }

    /// Removes the value under `key`; tells whether there was one.
    ///
    /// # Errors
    /// [`SessionError::Key`]; [`SessionError::Destroyed`]; [`SessionError::TooLarge`] if a buffer of fixed capacity
    /// has no room left to note the change.
    pub fn remove(&mut self, key: &str) -> Result<bool, SessionError> {
        self.check_usable()?;
        self.remove_entry(key, false)
    }

    /// Removes the value under `key` and gives it back. Requests that run at the same time may all get it: what must be
    /// used once at most needs an [`Self::update`].
    ///
    /// # Errors
    /// As [`Self::get`] and [`Self::remove`].
    pub fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, SessionError> {
        self.check_usable()?;
        let value = self.get(key)?;
        self.remove_entry(key, false)?;
        Ok(value)
    }

    /// Removes all values, flash values included. The session, its owner and its CSRF secret stay.
    ///
    /// # Errors
    /// [`SessionError::Destroyed`].
    pub fn clear(&mut self) -> Result<(), SessionError> {
        self.check_usable()?;
        self.intent.changed |= self.data.count() > 0;
        self.intent.cleared = true;
        self.data.clear();
        Ok(())
    }

    /// The keys whose [`Self::update`] is to be run again on the fresh values, after a conflict. A commit is refused
    /// until that is done, or until the keys are inserted or removed.
    pub fn pending_updates(&self) -> impl Iterator<Item = &str> {
        self.data.changes().filter(|change| change.how == How::Pending).map(|change| change.key())
    }

    pub(super) fn write<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        life: Life,
        how: How,
        value: &T,
    ) -> Result<(), SessionError> {
        self.write_with(key, life, how, |buffer, limit| value::write(value, buffer, limit))
    }

    pub(crate) fn write_with(
        &mut self,
        key: &str,
        life: Life,
        how: How,
        write_value: impl FnOnce(&mut B, usize) -> Result<(), ValueError>,
    ) -> Result<(), SessionError> {
        self.check_usable()?;
        self.data.insert(key, life, how, write_value)?;
        self.intent.changed = true;
        Ok(())
    }

    /// Removes an entry. One that is not there is no reason to store anything; but if something else is, then the
    /// removal is replayed with it.
    pub(crate) fn remove_entry(&mut self, key: &str, flash: bool) -> Result<bool, SessionError> {
        let now = self.now;
        let was_visible = self.data.find(key, flash)?.is_some_and(|entry| !entry.life.is_over(now));
        let was_there = self.data.remove(key, flash)?;
        self.intent.changed |= was_there;
        Ok(was_visible)
    }
}
