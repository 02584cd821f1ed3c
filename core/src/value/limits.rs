//! How deep values may be, and skipping them without reading.

use super::error::{Flaw, ValueError};
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
    Ok(skip_in(bytes)?)
}

/// As [`skip`], for those who hand its error on.
pub(crate) fn skip_in(bytes: &[u8]) -> Result<usize, Flaw> {
    let mut reader = Reader::new(bytes);
    walk(&mut reader, false, 0)?;
    Ok(bytes.len().wrapping_sub(reader.len()))
}

/// Checks that `bytes` are exactly one value, in the one form that [`write`](super::write) would give it.
///
/// # Errors
/// [`ValueError::Corrupt`] or [`ValueError::TooDeep`] if they are not.
pub fn validate(bytes: &[u8]) -> Result<(), ValueError> {
    let mut reader = Reader::new(bytes);
    walk(&mut reader, true, 0)?;
    if reader.len() == 0 { Ok(()) } else { Err(ValueError::Corrupt) }
}

/// The depth of what stands in an array or map that itself stands at `depth`.
#[inline]
pub(super) fn enter(depth: usize) -> Result<usize, Flaw> {
    match depth.checked_add(1) {
        Some(inner @ ..=MAX_DEPTH) => Ok(inner),
        _ => Err(Flaw::TooDeep),
    }
}

/// Moves `reader` behind the next value, which stands at `depth`; on an error it stays.
#[inline]
pub(super) fn skip_value(reader: &mut Reader<'_>, depth: usize) -> Result<(), Flaw> {
    let mut behind = *reader;
    walk(&mut behind, false, depth)?;
    *reader = behind;
    Ok(())
}

/// Moves `reader` behind the next value, which stands at `depth`, and looks whether its text is UTF-8 if that is asked for.
fn walk(reader: &mut Reader<'_>, checks_text: bool, depth: usize) -> Result<(), Flaw> {
    match reader.inlined_head()? {
        Head::Str(bytes) if checks_text => text(bytes).map(|_| ()),
        Head::Array(count) => walk_entries(reader, checks_text, count, false, depth),
        Head::Map(count) => walk_entries(reader, checks_text, count, true, depth),
        _ => Ok(()),
    }
}

/// Moves `reader` behind `count` entries of an array or map that stands at `depth`. Recursion ends at [`MAX_DEPTH`].
fn walk_entries(
    reader: &mut Reader<'_>,
    checks_text: bool,
    count: usize,
    has_keys: bool,
    depth: usize,
) -> Result<(), Flaw> {
    let depth = enter(depth)?;
    // A copy, which can stay in registers.
    let mut inner = *reader;
    for _ in 0..count {
        if has_keys {
            let key = inner.bytes()?;
            if checks_text {
                text(key)?;
            }
        }
        walk(&mut inner, checks_text, depth)?;
    }
    *reader = inner;
    Ok(())
}
