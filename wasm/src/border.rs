//! Where messages cross: the driver writes one into memory that this module lends, calls a phase, and reads the answer.

use alloc::boxed::Box;
use alloc::vec::Vec;

use fastsession_core::time::UnixTime;
use spin::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize;

use crate::failure::Failure;
use crate::message::{Reader, Writer};

/// The message of the next call, and the answer to the last one.
struct Border {
    message: Vec<u8>,
    answer: Writer,
}

static BORDER: Mutex<Border> = Mutex::new(Border { message: Vec::new(), answer: Writer::new() });

/// Lends memory for a message of so many bytes and tells where it is. What was written there before stays. The memory is lent until
/// the next call.
#[wasm_bindgen]
pub fn reserve(length: usize) -> *const u8 {
    let message = &mut BORDER.lock().message;
    if length > message.len() {
        let mut larger = Vec::with_capacity(length);
        larger.extend_from_slice(message);
        larger.resize(length, 0);
        core::mem::replace(message, larger).zeroize();
    }
    message.as_ptr()
}

/// Runs a phase on the first `length` bytes of the message, which are erased then, and tells where the answer is. It stays until the
/// next call.
pub(crate) fn call(
    length: usize,
    run: impl FnOnce(&mut Reader<'_>, &mut Writer) -> Result<(), Failure>,
) -> *const u8 {
    let Border { message, answer } = &mut *BORDER.lock();
    answer.begin(false);
    let message = message.get_mut(..length).unwrap_or_default();
    if let Err(failure) = run(&mut Reader::new(message), answer) {
        answer.begin(true);
        failure.write(answer);
    }
    // All of it is kept for the next call, so that no compiler takes this for a write that nobody sees.
    message.fill(0);
    answer.end()
}

/// What is made once and used by many calls, by number.
pub(crate) struct Kept<T>(Vec<Option<Box<T>>>);

impl<T> Kept<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Keeps `thing` and gives its number.
    pub(crate) fn keep(&mut self, thing: T) -> usize {
        let thing = Some(Box::new(thing));
        let free = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        match self.0.get_mut(free) {
            Some(place) => *place = thing,
            None => self.0.push(thing),
        }
        free
    }

    pub(crate) fn get(&self, number: usize) -> Result<&T, Failure> {
        self.0.get(number).and_then(Option::as_deref).ok_or(Failure::Internal)
    }

    pub(crate) fn free(&mut self, number: usize) {
        if let Some(place) = self.0.get_mut(number) {
            *place = None;
        }
    }
}

/// Whole seconds; what is no time becomes the epoch or the end of time.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as is meant")]
pub(crate) fn time(seconds: f64) -> UnixTime {
    UnixTime::from_secs(seconds as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_again() {
        let mut kept = Kept::new();
        assert_eq!([kept.keep('a'), kept.keep('b')], [0, 1]);
        kept.free(0);
        kept.free(9);
        assert!(kept.get(0).is_err() && kept.get(2).is_err());
        assert_eq!([kept.keep('c'), kept.keep('d')], [0, 2]);
        assert_eq!(kept.get(0).ok(), Some(&'c'));
    }
}
