//! How deep values may be, and skipping them without reading.

use super::error::ValueError;
use super::wire::{Head, Reader, text};

/// How many arrays and maps may stand in one another; an enum's payload stands in one map.
///
/// Writing, reading and skipping use stack for each level, up to a few hundred bytes with a type's own code.
/// 32 levels fit the stack of a micro-controller and are more than data that people design has.
pub const MAX_DEPTH: usize = 32;

/// The length in bytes of the value at the start of `bytes`, whatever follows it.
///
/// It takes time linear in that length and checks everything but that text is UTF-8 (see [`validate`]).
///
/// # Errors
/// [`ValueError::Corrupt`] if no value starts there or it does not end there, [`ValueError::TooDeep`].
#[inline]
pub fn skip(bytes: &[u8]) -> Result<usize, ValueError> {
    let mut reader = Reader::new(bytes);
    skip_value(&mut reader, 0)?;
    Ok(bytes.len().saturating_sub(reader.len()))
}

/// Checks that `bytes` are exactly one value, in the one form that [`write`](super::write) would give it.
///
/// # Errors
/// [`ValueError::Corrupt`] or [`ValueError::TooDeep`] if they are not.
pub fn validate(bytes: &[u8]) -> Result<(), ValueError> {
    let mut reader = Reader::new(bytes);
    walk::<true>(&mut reader, 0)?;
    if reader.len() == 0 { Ok(()) } else { Err(ValueError::Corrupt) }
}

/// The depth of what stands in an array or map that itself stands at `depth`.
#[inline]
pub(super) fn enter(depth: usize) -> Result<usize, ValueError> {
    match depth.checked_add(1) {
        Some(inner @ ..=MAX_DEPTH) => Ok(inner),
        _ => Err(ValueError::TooDeep),
    }
}

/// Moves `reader` behind the next value, which stands at `depth`; on an error it stays.
#[inline]
pub(super) fn skip_value(reader: &mut Reader<'_>, depth: usize) -> Result<(), ValueError> {
    let mut behind = *reader;
    walk::<false>(&mut behind, depth)?;
    *reader = behind;
    Ok(())
}

/// Moves `reader` behind the next value, which stands at `depth`.
#[inline]
fn walk<const CHECK_TEXT: bool>(reader: &mut Reader<'_>, depth: usize) -> Result<(), ValueError> {
    match reader.inlined_head()? {
        Head::Str(bytes) if CHECK_TEXT => text(bytes).map(|_| ()),
        Head::Array(count) => walk_entries::<CHECK_TEXT>(reader, count, false, depth),
        Head::Map(count) => walk_entries::<CHECK_TEXT>(reader, count, true, depth),
        _ => Ok(()),
    }
}

/// Moves `reader` behind `count` entries of an array or map that stands at `depth`. Recursion ends at [`MAX_DEPTH`].
fn walk_entries<const CHECK_TEXT: bool>(
    reader: &mut Reader<'_>,
    count: usize,
    has_keys: bool,
    depth: usize,
) -> Result<(), ValueError> {
    let depth = enter(depth)?;
    // A copy, which can stay in registers.
    let mut inner = *reader;
    for _ in 0..count {
        if has_keys {
            let key = inner.bytes()?;
            if CHECK_TEXT {
                text(key)?;
            }
        }
        walk::<CHECK_TEXT>(&mut inner, depth)?;
    }
    *reader = inner;
    Ok(())
}
