//! Byte buffers that the caller lends: of a fixed capacity (`heapless`) or growing (`alloc`).

use core::ops::Range;

use zeroize::Zeroize;

/// The buffer cannot hold what was to be written. It is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl core::fmt::Display for Full {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the buffer is full: lend a larger one")
    }
}

impl core::error::Error for Full {}

/// A vector of bytes.
///
/// Implemented for `heapless::Vec<u8, N>`, `heapless::VecView<u8>`, mutable references to a buffer
/// and, with the feature `alloc`, `Vec<u8>`.
pub trait Buffer: AsRef<[u8]> + AsMut<[u8]> {
    /// Makes the buffer `length` bytes long; new bytes are zero. Fails without a change if it cannot.
    ///
    /// # Errors
    /// [`Full`] if the buffer cannot become that long.
    fn try_resize(&mut self, length: usize) -> Result<(), Full>;

    /// The most bytes that the buffer can hold.
    fn max_capacity(&self) -> usize;

    /// How many bytes it holds.
    fn len(&self) -> usize {
        self.as_ref().len()
    }

    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops what is beyond `length` and erases it, since it may be a secret and the memory stays the buffer's.
    fn truncate(&mut self, length: usize) {
        if let Some(dropped) = self.as_mut().get_mut(length..)
            && !dropped.is_empty()
        {
            dropped.zeroize();
            // Shrinking cannot fail.
            let _ = self.try_resize(length);
        }
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    /// [`Full`] if they do not fit; nothing is written then.
    fn try_append(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let start = self.len();
        let end = start.checked_add(bytes.len()).ok_or(Full)?;
        self.try_resize(end)?;
        if let Some(added) = self.as_mut().get_mut(start..end) {
            added.copy_from_slice(bytes);
        }
        Ok(())
    }

    /// Replaces `range` by `bytes`, moving what follows.
    ///
    /// # Errors
    /// [`Full`] if the result does not fit or the range is not within the buffer; nothing is changed then.
    fn try_splice(&mut self, range: Range<usize>, bytes: &[u8]) -> Result<(), Full> {
        let length = self.len();
        if range.start > range.end || range.end > length {
            return Err(Full);
        }
        if bytes.is_empty() && range.end == length {
            self.truncate(range.start);
            return Ok(());
        }
        if bytes.len() == range.len() {
            self.as_mut().get_mut(range).ok_or(Full)?.copy_from_slice(bytes);
            return Ok(());
        }
        let moved_to = range.start.checked_add(bytes.len()).ok_or(Full)?;
        let tail = length.wrapping_sub(range.end);
        let new_length = moved_to.checked_add(tail).ok_or(Full)?;
        if new_length > length {
            self.try_resize(new_length)?;
        }
        if moved_to != range.end {
            self.as_mut().copy_within(range.end..length, moved_to);
        }
        if let Some(gap) = self.as_mut().get_mut(range.start..moved_to) {
            gap.copy_from_slice(bytes);
        }
        self.truncate(new_length);
        Ok(())
    }
}

impl<B: Buffer + ?Sized> Buffer for &mut B {
    fn try_resize(&mut self, length: usize) -> Result<(), Full> {
        (**self).try_resize(length)
    }

    fn max_capacity(&self) -> usize {
        (**self).max_capacity()
    }
}

impl<const N: usize> Buffer for heapless::Vec<u8, N> {
    fn try_resize(&mut self, length: usize) -> Result<(), Full> {
        Self::resize(self, length, 0).map_err(|_| Full)
    }

    fn max_capacity(&self) -> usize {
        N
    }
}

impl Buffer for heapless::VecView<u8> {
    fn try_resize(&mut self, length: usize) -> Result<(), Full> {
        Self::resize(self, length, 0).map_err(|_| Full)
    }

    fn max_capacity(&self) -> usize {
        self.capacity()
    }
}

#[cfg(feature = "alloc")]
impl Buffer for alloc::vec::Vec<u8> {
    #[inline]
    fn try_resize(&mut self, length: usize) -> Result<(), Full> {
        make_room(self, length)?;
        Self::resize(self, length, 0);
        Ok(())
    }

    #[inline]
    fn try_append(&mut self, bytes: &[u8]) -> Result<(), Full> {
        make_room(self, self.len().checked_add(bytes.len()).ok_or(Full)?)?;
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn max_capacity(&self) -> usize {
        isize::MAX.unsigned_abs()
    }
}

/// Makes the capacity `length` at least: by moving to a larger allocation and erasing the old one, since it may have held
/// secrets.
#[cfg(feature = "alloc")]
#[inline]
fn make_room(buffer: &mut alloc::vec::Vec<u8>, length: usize) -> Result<(), Full> {
    if length <= buffer.capacity() { Ok(()) } else { grow(buffer, length) }
}

#[cfg(feature = "alloc")]
#[cold]
fn grow(buffer: &mut alloc::vec::Vec<u8>, length: usize) -> Result<(), Full> {
    let capacity = length.max(buffer.capacity().saturating_mul(2)).max(256);
    let mut larger = alloc::vec::Vec::new();
    larger.try_reserve_exact(capacity).map_err(|_| Full)?;
    larger.extend_from_slice(buffer);
    core::mem::replace(buffer, larger).zeroize();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splices(buffer: &mut dyn BufferDyn) {
        assert_eq!(buffer.put(0..0, b"abcdef"), Ok(()));
        assert_eq!(buffer.put(2..4, b"XYZ"), Ok(()));
        assert_eq!(buffer.bytes(), b"abXYZef");
        assert_eq!(buffer.put(1..6, b""), Ok(()));
        assert_eq!(buffer.bytes(), b"af");
        assert_eq!(buffer.put(1..3, b"no"), Err(Full));
        assert_eq!(buffer.bytes(), b"af");
    }

    trait BufferDyn {
        fn put(&mut self, range: Range<usize>, bytes: &[u8]) -> Result<(), Full>;
        fn bytes(&self) -> &[u8];
    }

    impl<B: Buffer> BufferDyn for B {
        fn put(&mut self, range: Range<usize>, bytes: &[u8]) -> Result<(), Full> {
            self.try_splice(range, bytes)
        }

        fn bytes(&self) -> &[u8] {
            self.as_ref()
        }
    }

    #[test]
    fn splice_moves_what_follows() {
        let mut fixed = heapless::Vec::<u8, 8>::new();
        splices(&mut fixed);
        splices(&mut (&mut heapless::Vec::<u8, 8>::new() as &mut heapless::VecView<u8>));
        #[cfg(feature = "alloc")]
        splices(&mut alloc::vec::Vec::new());
    }

    /// A buffer whose memory can be seen beyond its length.
    struct Seen {
        memory: [u8; 16],
        length: usize,
    }

    impl AsRef<[u8]> for Seen {
        fn as_ref(&self) -> &[u8] {
            &self.memory[..self.length]
        }
    }

    impl AsMut<[u8]> for Seen {
        fn as_mut(&mut self) -> &mut [u8] {
            &mut self.memory[..self.length]
        }
    }

    impl Buffer for Seen {
        fn try_resize(&mut self, length: usize) -> Result<(), Full> {
            self.memory.get_mut(self.length..length.max(self.length)).ok_or(Full)?.fill(0);
            self.length = length;
            Ok(())
        }

        fn max_capacity(&self) -> usize {
            self.memory.len()
        }
    }

    #[test]
    fn what_is_dropped_is_erased() {
        let mut buffer = Seen { memory: *b"secret, not open", length: 16 };
        buffer.try_splice(6..12, b"").unwrap();
        assert_eq!(&buffer.memory, b"secretopen\0\0\0\0\0\0");
        buffer.truncate(12);
        buffer.truncate(1);
        assert_eq!(&buffer.memory, b"s\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn a_full_buffer_is_unchanged() {
        let mut fixed = heapless::Vec::<u8, 4>::new();
        assert_eq!(fixed.try_append(b"abc"), Ok(()));
        assert_eq!(fixed.try_splice(1..1, b"xy"), Err(Full));
        assert_eq!(fixed.as_slice(), b"abc");
    }
}
