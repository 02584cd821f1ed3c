//! Randomness that the host passes in.

use core::convert::Infallible;

use fastsession_core::rand_core::{TryCryptoRng, TryRng};

use crate::failure::Failure;

/// The bytes that one phase may take, and more: an id and three initialization vectors, or a CSRF secret and a mask.
pub(crate) const RANDOM_LENGTH: usize = 160;

/// Gives the host's random bytes once each. A phase run again with the same bytes decides the same.
pub(crate) struct HostRandom<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> HostRandom<'a> {
    pub(crate) fn new(random: &'a [u8]) -> Result<Self, Failure> {
        if random.len() == RANDOM_LENGTH { Ok(Self { bytes: random, at: 0 }) } else { Err(Failure::Internal) }
    }

    /// An error if more bytes were asked for than there were: what was made with them must not be used.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.at > RANDOM_LENGTH { Err(Failure::Internal) } else { Ok(()) }
    }
}

impl TryRng for HostRandom<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    #[inline(never)]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let end = self.at.saturating_add(bytes.len());
        if let Some(random) = self.bytes.get(self.at..end) {
            bytes.copy_from_slice(random);
        }
        self.at = end;
        Ok(())
    }
}

/// The host promises that the bytes are from its cryptographic generator.
impl TryCryptoRng for HostRandom<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_given_once_and_their_end_is_noticed() {
        let bytes = core::array::from_fn::<u8, RANDOM_LENGTH, _>(|at| u8::try_from(at).unwrap());
        let mut random = HostRandom::new(&bytes).unwrap();
        assert_eq!(random.try_next_u32(), Ok(u32::from_le_bytes([0, 1, 2, 3])));
        assert_eq!(random.try_next_u64(), Ok(u64::from_le_bytes([4, 5, 6, 7, 8, 9, 10, 11])));
        let _ = random.try_fill_bytes(&mut [0; RANDOM_LENGTH - 12]);
        assert!(random.check().is_ok());
        let _ = random.try_fill_bytes(&mut [0; 1]);
        assert!(random.check().is_err());
        assert!(HostRandom::new(&[0; 3]).is_err());
    }
}
