//! Base64 by arithmetic, for WebAssembly, where a fraction of the size of an engine with tables counts for more than speed. No address and
//! no branch here depends on the text.

use super::{InvalidBase64, decoded_len, encoded_len};
use crate::buffer::Full;

/// As [`super::encode`].
pub(super) fn encode(bytes: &[u8], text: &mut [u8]) -> Result<usize, Full> {
    let text = text.get_mut(..encoded_len(bytes.len())).ok_or(Full)?;
    let padding = match bytes.len() % 3 {
        1 => 2,
        2 => 1,
        _ => 0,
    };
    let (symbols, padding) = text.split_at_mut_checked(text.len().wrapping_sub(padding)).ok_or(Full)?;
    let (mut bytes, mut bits) = (bytes.iter(), Bits::default());
    for symbol in symbols {
        if bits.count < 6 {
            // Behind the last byte there are zeros.
            bits.put(bytes.next().copied().unwrap_or_default(), 8);
        }
        *symbol = symbol_of(bits.take(6) & 0x3f);
    }
    padding.fill(b'=');
    Ok(text.len())
}

/// As [`super::decode`], of a text without padding.
pub(super) fn decode(text: &[u8], bytes: &mut [u8]) -> Result<usize, InvalidBase64> {
    let bytes = bytes.get_mut(..decoded_len(text)).ok_or(InvalidBase64)?;
    // Bits that must not be there: in what is no symbol, or behind the last byte.
    let (mut values, mut bits, mut wrong) = (text.iter().map(|symbol| value_of(*symbol)), Bits::default(), 0);
    for byte in bytes.iter_mut() {
        while bits.count < 8 {
            let value = values.next().unwrap_or_default();
            wrong |= value & 0xc0;
            bits.put(value, 6);
        }
        *byte = bits.take(8);
    }
    // A lone last character stands for no byte.
    let is_whole = values.next().is_none();
    if wrong | bits.left() == 0 && is_whole { Ok(bytes.len()) } else { Err(InvalidBase64) }
}

/// Bits on their way from bytes to symbols or back: fewer than eight before any are put in.
#[derive(Default)]
struct Bits {
    bits: u32,
    count: u32,
}

impl Bits {
    /// Appends the lowest `count` bits.
    fn put(&mut self, bits: u8, count: u32) {
        self.bits = self.bits.wrapping_shl(count) | u32::from(bits);
        self.count = self.count.wrapping_add(count);
    }

    /// Takes the first `count` bits. Above them there may be others.
    fn take(&mut self, count: u32) -> u8 {
        self.count = self.count.wrapping_sub(count);
        let [low, ..] = self.bits.wrapping_shr(self.count).to_le_bytes();
        low
    }

    /// What was put in and not taken.
    fn left(&self) -> u8 {
        let [low, ..] = self.bits.wrapping_shl(8_u32.wrapping_sub(self.count)).to_le_bytes();
        low
    }
}

/// The character of a value below 64.
fn symbol_of(value: u8) -> u8 {
    run(value, 0, 26, b'A')
        | run(value, 26, 26, b'a')
        | run(value, 52, 10, b'0')
        | run(value, 62, 1, b'-')
        | run(value, 63, 1, b'_')
}

/// The value of a character, 255 if it has none.
fn value_of(symbol: u8) -> u8 {
    let counted_from_one = run(symbol, b'A', 26, 1)
        | run(symbol, b'a', 26, 27)
        | run(symbol, b'0', 10, 53)
        | run(symbol, b'-', 1, 63)
        | run(symbol, b'_', 1, 64);
    counted_from_one.wrapping_sub(1)
}

/// Moves the `count` bytes from `first` on to `to` and those behind it; any other byte becomes 0.
fn run(byte: u8, first: u8, count: u8, to: u8) -> u8 {
    let place = byte.wrapping_sub(first);
    to.wrapping_add(place) & u8::from(place < count).wrapping_neg()
}
