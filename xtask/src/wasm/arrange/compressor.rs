//! What compression makes of a module.

use anyhow::{Result, ensure};
use flate2::{Compress, Compression, FlushCompress, Status};

/// Measures one module after the other, in the same memory.
pub(super) struct Compressor {
    state: Compress,
    output: Vec<u8>,
}

impl Compressor {
    /// Of the highest level: what `gzip -9` makes of it, but for a few bytes.
    pub(super) fn best() -> Self {
        Self::new(9)
    }

    /// Takes two fifths of the time, and tells as well which of two modules is the shorter one.
    pub(super) fn quick() -> Self {
        Self::new(8)
    }

    fn new(level: u32) -> Self {
        Self { state: Compress::new(Compression::new(level), false), output: Vec::new() }
    }

    /// In bytes, without a header.
    ///
    /// # Errors
    /// If it becomes twice as long.
    pub(super) fn length(&mut self, bytes: &[u8]) -> Result<usize> {
        self.state.reset();
        self.output.clear();
        self.output.reserve(bytes.len().saturating_mul(2).saturating_add(64));
        let status = self.state.compress_vec(bytes, &mut self.output, FlushCompress::Finish)?;
        ensure!(status == Status::StreamEnd, "what is compressed does not end");
        Ok(self.output.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_does_not_depend_on_what_was_measured_before() {
        let mut compressor = Compressor::best();
        let (zeros, bytes) = ([0; 10_000], [7; 100]);
        let first = compressor.length(&zeros).unwrap();
        assert!(first < 50, "{first}");
        compressor.length(&bytes).unwrap();
        assert_eq!(compressor.length(&zeros).unwrap(), first);
    }

    #[test]
    fn what_does_not_compress_and_what_is_empty_have_a_length() {
        let mut random = fastrand::Rng::with_seed(1);
        let noise: Vec<u8> = (0..1_000).map(|_| random.u8(..)).collect();
        assert!(Compressor::quick().length(&noise).unwrap() >= 1_000);
        assert!(Compressor::quick().length(&[]).unwrap() < 10);
    }
}
