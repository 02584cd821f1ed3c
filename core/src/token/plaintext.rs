//! What a token held.

use alloc::vec::Vec;
use core::ops::{Deref, DerefMut, Range};
use core::{fmt, mem};

use zeroize::Zeroize;

use crate::buffer::Buffer;
use crate::primitives;

/// What a token held. It is used as a slice of bytes; it is erased on drop, compares in constant time and does not print.
#[derive(Default)]
pub struct Plaintext {
    /// The decoded token, its payload decrypted.
    token: Vec<u8>,
    /// Where in it the payload lies: most callers look at it only, and it need not be moved for that.
    payload: Range<usize>,
}

impl Plaintext {
    pub(super) const fn new(token: Vec<u8>, payload: Range<usize>) -> Self {
        Self { token, payload }
    }

    /// The bytes, which from now on are the caller's to erase.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        let (mut bytes, payload) = (mem::take(&mut self.token), mem::take(&mut self.payload));
        Buffer::truncate(&mut bytes, payload.end);
        // Bytes are removed only, which cannot fail.
        let _ = bytes.try_splice(0..payload.start, &[]);
        bytes
    }
}

impl Deref for Plaintext {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.token.get(self.payload.clone()).unwrap_or_default()
    }
}

impl DerefMut for Plaintext {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.token.get_mut(self.payload.clone()).unwrap_or_default()
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
        self.token.as_mut_slice().zeroize();
    }
}
