//! What a token held.

use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

use zeroize::Zeroize;

use crate::primitives;

/// What a token held. It is used as a slice of bytes; it is erased on drop, compares in constant time and does not print.
#[derive(Default)]
pub struct Plaintext(pub(super) Vec<u8>);

impl Plaintext {
    /// The bytes, which from now on are the caller's to erase.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        core::mem::take(&mut self.0)
    }
}

impl Deref for Plaintext {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Plaintext {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl AsRef<[u8]> for Plaintext {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Plaintext {
    fn eq(&self, other: &Self) -> bool {
        primitives::equal(self, other)
    }
}

impl Eq for Plaintext {}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(..)")
    }
}

impl Drop for Plaintext {
    /// As a slice: `zeroize` erases a vector byte by byte, which took a fifth of the time of a token of 3,000 bytes.
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}
