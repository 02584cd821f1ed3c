//! Tokens from anywhere: nothing panics, what was made here opens unless it was changed, and a lent buffer of a fixed
//! capacity gives the same verdict as one that grows.
//!
//!     cargo +nightly fuzz run token fuzz/corpus/token fuzz/seeds/token

#![no_main]

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use fastsession_core::rand_core::{TryCryptoRng, TryRng};
use fastsession_core::time::UnixTime;
use fastsession_core::token::{Fernet, FernetError, KeyRing, UnverifiedToken, token_len};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

static FERNET: LazyLock<Fernet> = LazyLock::new(|| {
    let keys = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=, AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    Fernet::new(KeyRing::parse(keys).unwrap())
});

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    now: u64,
    ttl: Option<u64>,
    position: u16,
    to: u8,
    /// Last, so that a seed is a few bytes and then a token as it is.
    text: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let now = UnixTime::from_secs(input.now);
    foreign(input.text, input.ttl.map(Duration::from_secs), now);
    own(input.text, now, input.position.into(), input.to);
});

/// `token` is what somebody sends.
fn foreign(token: &[u8], ttl: Option<Duration>, now: UnixTime) {
    let opened = FERNET.decrypt_at(token, ttl, now);
    let mut fixed = heapless::Vec::<u8, 256>::new();
    match FERNET.decrypt_at_into(token, ttl, now, &mut fixed) {
        Ok(()) => assert_eq!(opened.as_deref(), Ok(fixed.as_slice())),
        Err(FernetError::Invalid) => assert_eq!(opened, Err(FernetError::Invalid)),
        Err(FernetError::Full) => assert!(token.len() > 256),
    }
    let timestamp = FERNET.extract_timestamp(token);
    let seen = UnverifiedToken::parse(token);
    if let Ok(timestamp) = timestamp {
        assert_eq!(seen.map(|seen| seen.timestamp()), Some(timestamp));
    }
    if let Ok(payload) = opened {
        let ciphertext = seen.unwrap().ciphertext_bytes();
        assert!((ciphertext - 16..ciphertext).contains(&payload.len()));
    }
}

/// A token made here, one of whose characters somebody changes.
fn own(payload: &[u8], at: UnixTime, position: usize, to: u8) {
    let mut token = FERNET.encrypt_at(payload, at, &mut Constant).unwrap().into_bytes();
    assert_eq!(token.len(), token_len(payload.len()));
    assert_eq!(FERNET.decrypt_at(&token, Some(Duration::ZERO), at).as_deref(), Ok(payload));
    assert_eq!(FERNET.extract_timestamp(&token), Ok(at));
    let position = position % token.len();
    let is_same = token[position] == to;
    token[position] = to;
    assert_eq!(FERNET.decrypt_at(&token, None, at).is_ok(), is_same);
}

/// "Randomness" that a crash can be repeated with.
struct Constant;

impl TryRng for Constant {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for Constant {}
