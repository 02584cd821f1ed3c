//! A token's key for where there is no heap.

use core::ops::Range;

use super::InvalidToken;
use super::binary::{IV_LENGTH, decrypt, halves, seal, verify};
use super::key::KEY_LENGTH;
use crate::buffer::Full;
use crate::primitives::{BLOCK_LENGTH, Cipher, Mac, Secret};
use crate::time::UnixTime;

/// The same as a [`TokenKey`](super::TokenKey), in a quarter of the room: the schedules of AES are computed for each use. Erased on
/// drop.
pub(crate) struct LightKey {
    mac: Mac,
    encryption: Secret<BLOCK_LENGTH>,
}

impl LightKey {
    pub(crate) fn new(key: &[u8; KEY_LENGTH]) -> Self {
        let (signing, encryption) = halves(key);
        Self { mac: Mac::new(signing), encryption: Secret::new(*encryption) }
    }

    /// As [`TokenKey::seal_in_place`](super::TokenKey::seal_in_place).
    ///
    /// # Errors
    /// As there.
    pub(crate) fn seal_in_place(
        &self,
        token: &mut [u8],
        plain_len: usize,
        at: UnixTime,
        iv: [u8; IV_LENGTH],
    ) -> Result<(), Full> {
        seal((&self.mac, &Cipher::new(&self.encryption)), token, plain_len, at, iv)
    }

    /// As [`TokenKey::open_in_place`](super::TokenKey::open_in_place).
    ///
    /// # Errors
    /// As there.
    pub(crate) fn open_in_place(&self, token: &mut [u8]) -> Result<Range<usize>, InvalidToken> {
        verify(&self.mac, token)?;
        decrypt(&Cipher::new(&self.encryption), token)
    }
}
