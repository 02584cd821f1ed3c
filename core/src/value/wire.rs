//! The bytes of a value: checked reading, and how integers are written.
//!
//! Postcard's wire format: <https://postcard.jamesmunns.com/wire-format>.

use super::error::Flaw;
use super::kind::Kind;

type Result<T> = core::result::Result<T, Flaw>;

/// Most bytes of a variable-length 64-bit integer: ten times seven bits.
const MAX_VARINT: usize = 10;

/// What is still to be read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'de> {
    rest: &'de [u8],
}

/// A value's first byte and what follows it, up to a container's count.
#[derive(Clone, Copy)]
pub(crate) enum Head<'de> {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    UInt(u64),
    Float(f64),
    /// Not yet known to be UTF-8: skipping does not look.
    Str(&'de [u8]),
    Bytes(&'de [u8]),
    /// So many values follow.
    Array(usize),
    /// So many pairs of a key and a value follow.
    Map(usize),
}

impl Head<'_> {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::UInt(_) => Kind::UInt,
            Self::Float(_) => Kind::Float,
            Self::Str(_) => Kind::Str,
            Self::Bytes(_) => Kind::Bytes,
            Self::Array(_) => Kind::Array,
            Self::Map(_) => Kind::Map,
        }
    }
}

impl<'de> Reader<'de> {
    pub(crate) const fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is left.
    pub(crate) const fn rest(&self) -> &'de [u8] {
        self.rest
    }

    /// How many bytes are left.
    pub(crate) const fn len(&self) -> usize {
        self.rest.len()
    }

    /// The start of the next value. Counts and lengths are within what is left.
    pub(crate) fn head(&mut self) -> Result<Head<'de>> {
        self.inlined_head()
    }

    /// The same as [`head`](Self::head), for the loop that skips: twice as fast there, and too large for the rest.
    #[expect(clippy::inline_always, reason = "measured")]
    #[inline(always)]
    pub(crate) fn inlined_head(&mut self) -> Result<Head<'de>> {
        Ok(match Kind::from_byte(self.byte()?).ok_or(Flaw::Corrupt)? {
            Kind::Null => Head::Null,
            Kind::Bool => Head::Bool(match self.byte()? {
                0 => false,
                1 => true,
                _ => return Err(Flaw::Corrupt),
            }),
            Kind::Int => Head::Int(unzigzag(self.varint()?)),
            Kind::UInt => match self.varint()? {
                fits_int if i64::try_from(fits_int).is_ok() => return Err(Flaw::Corrupt),
                number => Head::UInt(number),
            },
            Kind::Float => {
                let (bytes, rest) = self.rest.split_first_chunk().ok_or(Flaw::Corrupt)?;
                self.rest = rest;
                Head::Float(f64::from_le_bytes(*bytes))
            }
            Kind::Str => Head::Str(self.bytes()?),
            Kind::Bytes => Head::Bytes(self.bytes()?),
            Kind::Array => Head::Array(self.length(1)?),
            // An entry is at least the length of its key and the kind of its value.
            Kind::Map => Head::Map(self.length(2)?),
        })
    }

    /// A length in bytes, and as many bytes.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'de [u8]> {
        let length = self.length(1)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Flaw::Corrupt)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A length in bytes, and as many bytes of text.
    #[inline]
    pub(crate) fn str(&mut self) -> Result<&'de str> {
        text(self.bytes()?)
    }

    /// An integer of seven bits a byte, the least significant first; the eighth bit says that more follow.
    ///
    /// Refused are more than 64 bits, and a last byte of zero, without which the integer would be the same.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64> {
        match self.rest.split_first() {
            Some((&byte @ ..0x80, rest)) => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64> {
        // In WebAssembly one way of doing it is enough: what counts there is size.
        let eight = self.rest.first_chunk().filter(|_| cfg!(not(target_arch = "wasm32")));
        let Some((number, length)) = eight.and_then(|bytes| gather(*bytes)) else {
            return self.varint_bytewise();
        };
        // The bits of the last byte.
        if number.wrapping_shr(length.saturating_sub(1).saturating_mul(7)) == 0 {
            return Err(Flaw::Corrupt);
        }
        self.rest = self.rest.get(length as usize..).unwrap_or_default();
        Ok(number)
    }

    /// As [`Self::varint`], of more than eight bytes or with fewer than eight left.
    #[cfg_attr(not(target_arch = "wasm32"), cold)]
    fn varint_bytewise(&mut self) -> Result<u64> {
        let (mut number, mut shift) = (0_u64, 0_u32);
        for (index, &byte) in self.rest.iter().take(MAX_VARINT).enumerate() {
            number |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                // Nine times seven bits leave one bit for the tenth byte.
                let is_too_wide = shift == 63 && byte > 1;
                if is_too_wide || byte == 0 {
                    return Err(Flaw::Corrupt);
                }
                self.rest = self.rest.get(index.wrapping_add(1)..).unwrap_or_default();
                return Ok(number);
            }
            shift = shift.wrapping_add(7);
        }
        Err(Flaw::Corrupt)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or(Flaw::Corrupt)?;
        self.rest = rest;
        Ok(byte)
    }

    /// A number of things that take at least `each` bytes.
    #[inline]
    fn length(&mut self, each: usize) -> Result<usize> {
        let length = usize::try_from(self.varint()?).map_err(|_| Flaw::Corrupt)?;
        if length > self.rest.len().checked_div(each).unwrap_or_default() {
            return Err(Flaw::Corrupt);
        }
        Ok(length)
    }
}

/// Checks text of a [`Head`].
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Result<&str> {
    core::str::from_utf8(bytes).map_err(|_| Flaw::Corrupt)
}

/// A variable-length integer, to be written.
#[derive(Clone, Copy)]
pub(crate) struct Varint {
    bytes: [u8; MAX_VARINT],
    length: usize,
}

impl Varint {
    #[inline]
    pub(crate) fn new(mut number: u64) -> Self {
        let (mut bytes, mut length) = ([0; MAX_VARINT], 0_usize);
        for byte in &mut bytes {
            length = length.wrapping_add(1);
            let [low, ..] = number.to_le_bytes();
            if number < 0x80 {
                *byte = low;
                break;
            }
            *byte = low | 0x80;
            number >>= 7;
        }
        Self { bytes, length }
    }

    /// How many bytes `number` takes.
    pub(crate) const fn length_of(number: u64) -> usize {
        // Seven bits a byte; zero takes one as well.
        u64::BITS.wrapping_sub((number | 1).leading_zeros()).div_ceil(7) as usize
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// A number as its variable-length integer, if that is one byte.
#[inline]
pub(crate) fn short(number: u64) -> Option<u8> {
    u8::try_from(number).ok().filter(|byte| *byte < 0x80)
}

/// The bit of a byte that says that more follow, in each of eight.
const MORE: u64 = 0x8080_8080_8080_8080;

/// The variable-length integer that begins and ends in these bytes, and how many of them it takes: all of them at once, where
/// a loop has a branch for each that the processor may foresee wrongly. `None` if it does not end in them.
#[inline]
const fn gather(bytes: [u8; 8]) -> Option<(u64, u32)> {
    let word = u64::from_le_bytes(bytes);
    let ends = !word & MORE;
    if ends == 0 {
        return None;
    }
    let length = ends.trailing_zeros().div_ceil(8);
    let sevens = word & (u64::MAX >> ends.trailing_zeros().abs_diff(63)) & !MORE;
    let pairs = sevens & 0x007f_007f_007f_007f | (sevens & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    let number = fours & 0x0000_0000_0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4;
    Some((number, length))
}

/// A length as it is written. No `usize` is wider than 64 bits.
#[inline]
pub(crate) fn widen(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Numbers of a small magnitude become small: 0, -1, 1, -2 to 0, 1, 2, 3.
#[inline]
pub(crate) const fn zigzag(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned()
}

#[inline]
const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
}
