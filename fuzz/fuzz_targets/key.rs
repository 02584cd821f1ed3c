//! Keys as people paste them: nothing panics, and what is read is written back as the same key.
//!
//!     cargo +nightly fuzz run key fuzz/corpus/key fuzz/seeds/key

#![no_main]

use fastsession_core::token::{Key, KeyRing, MAX_KEYS};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(key) = Key::parse(text) {
        let written = key.to_text();
        assert_eq!(Key::parse(&written), Ok(key));
        let normal = text.trim_ascii().trim_end_matches('=').replace('+', "-").replace('/', "_");
        assert_eq!(written.trim_end_matches('='), normal);
        assert_eq!(KeyRing::parse(text).map(|ring| ring.len()), Ok(1));
    }
    if let Ok(ring) = KeyRing::parse(text) {
        assert!((1..=MAX_KEYS).contains(&ring.len()));
    }
});
