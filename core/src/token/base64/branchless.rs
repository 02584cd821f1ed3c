//! Base64 by arithmetic, for WebAssembly, where a fraction of the size of an engine with tables counts for more than speed. No address and
//! no branch here depends on the text.

use zeroize::Zeroize as _;

use super::{InvalidBase64, decoded_len, encoded_len};
use crate::buffer::Full;

/// Characters at a time, and the bytes that they stand for.
const SYMBOLS: usize = 64;
const BYTES: usize = 48;

/// As [`super::encode`].
pub(super) fn encode(bytes: &[u8], text: &mut [u8]) -> Result<usize, Full> {
    let text = text.get_mut(..encoded_len(bytes.len())).ok_or(Full)?;
    let (mut group, mut symbols) = ([0; BYTES], [0; SYMBOLS]);
    for (bytes, text) in bytes.chunks(BYTES).zip(text.chunks_mut(SYMBOLS)) {
        group.fill(0);
        group.get_mut(..bytes.len()).unwrap_or_default().copy_from_slice(bytes);
        for ([first, second, third], four) in group.as_chunks().0.iter().zip(symbols.as_chunks_mut().0) {
            *four = [first >> 2, first << 4 | second >> 4, second << 2 | third >> 6, *third];
        }
        for symbol in &mut symbols {
            *symbol = symbol_of(*symbol & 0x3f);
        }
        text.copy_from_slice(symbols.get(..text.len()).unwrap_or_default());
    }
    group.zeroize();
    symbols.zeroize();
    let padding = match bytes.len() % 3 {
        1 => 2,
        2 => 1,
        _ => 0,
    };
    for symbol in text.iter_mut().rev().take(padding) {
        *symbol = b'=';
    }
    Ok(text.len())
}

/// As [`super::decode`], of a text without padding.
pub(super) fn decode(text: &[u8], bytes: &mut [u8]) -> Result<usize, InvalidBase64> {
    let bytes = bytes.get_mut(..decoded_len(text)).ok_or(InvalidBase64)?;
    // Bits that must not be there: those of a lone last character, which stands for no byte; in what is no symbol; behind the last byte.
    let mut wrong = u8::from(text.len() % 4 == 1);
    let (mut values, mut group) = ([0; SYMBOLS], [0; BYTES]);
    for (text, bytes) in text.chunks(SYMBOLS).zip(bytes.chunks_mut(BYTES)) {
        values.fill(b'A');
        values.get_mut(..text.len()).unwrap_or_default().copy_from_slice(text);
        for value in &mut values {
            *value = value_of(*value);
            wrong |= *value & 0xc0;
        }
        for ([first, second, third, fourth], three) in
            values.as_chunks().0.iter().zip(group.as_chunks_mut().0)
        {
            *three = [first << 2 | second >> 4, second << 4 | third >> 2, third << 6 | fourth];
        }
        let (decoded, rest) = group.split_at_checked(bytes.len()).unwrap_or_default();
        bytes.copy_from_slice(decoded);
        wrong = rest.iter().fold(wrong, |wrong, byte| wrong | byte);
    }
    values.zeroize();
    group.zeroize();
    if wrong == 0 { Ok(bytes.len()) } else { Err(InvalidBase64) }
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
