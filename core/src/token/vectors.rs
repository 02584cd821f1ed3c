//! The published vectors (<https://github.com/fernet/spec>: generate.json, verify.json and invalid.json), and what
//! the specification and pyca/cryptography say of times.

use core::time::Duration;
use std::vec::Vec;

use super::testing::{CountingRng, ring};
use super::*;
use crate::buffer::{Buffer, Full};
use crate::time::UnixTime;

const SECRET: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const TOKEN: &str =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

/// 1985-10-26T01:20:00-07:00
const MADE_AT: u64 = 499_162_800;

/// Description, token and seconds since `MADE_AT`; all with a time to live of 60 seconds.
const INVALID: [(&str, &str, u64); 8] = [
    (
        "incorrect mac",
        "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
        1,
    ),
    ("too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==", 1),
    (
        "invalid base64",
        "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
        1,
    ),
    (
        "payload size not multiple of block size",
        "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
        1,
    ),
    (
        "payload padding error",
        "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
        1,
    ),
    (
        "far-future TS (unacceptable clock skew)",
        "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==",
        1,
    ),
    (
        "expired TTL",
        "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
        91,
    ),
    (
        "incorrect IV (causes padding error)",
        "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==",
        1,
    ),
];

fn published() -> Fernet {
    Fernet::new(KeyRing::parse(SECRET).unwrap())
}

fn decrypt(fernet: &Fernet, token: &[u8], ttl: Option<u64>, now: u64) -> Result<Vec<u8>, FernetError> {
    let mut plain = heapless::Vec::<u8, 512>::new();
    let now = UnixTime::from_secs(now);
    fernet.decrypt_at_into(token, ttl.map(Duration::from_secs), now, &mut plain).map(|()| plain.to_vec())
}

fn encrypt(fernet: &Fernet, plain: &[u8], at: u64) -> Vec<u8> {
    let mut token = heapless::Vec::<u8, 512>::new();
    fernet.encrypt_at_into(plain, UnixTime::from_secs(at), &mut CountingRng::default(), &mut token).unwrap();
    token.to_vec()
}

#[test]
fn generate() {
    let mut token = heapless::Vec::<u8, 128>::new();
    let iv = core::array::from_fn(|index| u8::try_from(index).unwrap());
    let keys = KeyRing::parse(SECRET).unwrap();
    keys.seal_text(b"hello", UnixTime::from_secs(MADE_AT), iv, &mut token).unwrap();
    assert_eq!(token, TOKEN.as_bytes());
}

#[test]
fn verify() {
    assert_eq!(decrypt(&published(), TOKEN.as_bytes(), Some(60), MADE_AT + 1), Ok(b"hello".to_vec()));
}

#[test]
fn invalid() {
    for (description, token, after) in INVALID {
        let now = MADE_AT + after;
        let decrypted = decrypt(&published(), token.as_bytes(), Some(60), now);
        assert_eq!(decrypted, Err(FernetError::Invalid), "{description}");
        // Without the time to live, the two that are refused for their time alone open.
        let opens = description.contains("TTL") || description.contains("far-future");
        assert_eq!(decrypt(&published(), token.as_bytes(), None, now).is_ok(), opens, "{description}");
    }
}

#[test]
fn times_are_judged_as_by_pyca() {
    const NOW: u64 = 1_700_000_000;
    const LATEST: u64 = i64::MAX.unsigned_abs();
    // Made at, time to live, now; accepted, accepted in strict mode.
    let cases = [
        (NOW, Some(0), NOW, true, true),
        (NOW - 1, Some(0), NOW, false, false),
        (NOW + 1, Some(0), NOW, true, true),
        (NOW - 60, Some(60), NOW, true, true),
        (NOW - 61, Some(60), NOW, false, false),
        (NOW + 60, Some(60), NOW, true, true),
        (NOW + 61, Some(60), NOW, false, false),
        (NOW + 61, None, NOW, true, false),
        (NOW + 60, None, NOW, true, true),
        (NOW - 61, None, NOW, true, true),
        (0, Some(60), NOW, false, false),
        (0, None, NOW, true, true),
        (0, Some(NOW), NOW, true, true),
        (0, Some(60), 0, true, true),
        (0, Some(u64::MAX), NOW, true, true),
        (LATEST, Some(60), NOW, false, false),
        (LATEST, None, NOW, true, false),
        (u64::MAX, Some(60), NOW, false, false),
        (u64::MAX, Some(u64::MAX), NOW, false, false),
        (u64::MAX, None, NOW, true, false),
        (u64::MAX, Some(0), u64::MAX, true, true),
        (u64::MAX, Some(u64::MAX), u64::MAX - 60, true, true),
        (u64::MAX, Some(u64::MAX), u64::MAX - 61, false, false),
        (0, Some(60), u64::MAX, false, false),
    ];
    for case in cases {
        let (made_at, ttl, now, accepted, accepted_strictly) = case;
        let token = encrypt(&published(), b"text", made_at);
        assert_eq!(decrypt(&published(), &token, ttl, now).is_ok(), accepted, "{case:?}");
        assert_eq!(
            decrypt(&published().strict(), &token, ttl, now).is_ok(),
            accepted_strictly,
            "strict, {case:?}"
        );
    }
}

#[test]
fn every_key_decrypts_and_the_newest_encrypts() {
    let (old, new) = (Fernet::new(ring(&[2])), Fernet::new(ring(&[1, 2])));
    let token = encrypt(&old, b"text", 5);
    assert_eq!(decrypt(&new, &token, None, 5), Ok(b"text".to_vec()));
    assert_eq!(decrypt(&old, &encrypt(&new, b"text", 5), None, 5), Err(FernetError::Invalid));
}

#[test]
fn rotation_keeps_payload_and_timestamp() {
    let (old, new, both) = (Fernet::new(ring(&[2])), Fernet::new(ring(&[1])), Fernet::new(ring(&[1, 2])));
    let token = encrypt(&old, b"text", 1_234);
    let mut scratch = heapless::Vec::<u8, 128>::from_slice(b"kept").unwrap();
    let mut rotated = heapless::Vec::<u8, 128>::new();
    assert_eq!(both.rotate_into(&token, &mut CountingRng::default(), &mut scratch, &mut rotated), Ok(()));
    assert_eq!(scratch, b"kept");
    assert_eq!(decrypt(&new, &rotated, None, 0), Ok(b"text".to_vec()));
    assert_eq!(new.extract_timestamp_in(&rotated, &mut scratch), Ok(UnixTime::from_secs(1_234)));
    let refused = new.rotate_into(&token, &mut CountingRng::default(), &mut scratch, &mut rotated);
    assert_eq!(refused, Err(FernetError::Invalid));
}

#[test]
fn timestamps_are_extracted_from_verified_tokens_only() {
    let mut scratch = heapless::Vec::<u8, 128>::from_slice(b"kept").unwrap();
    let made_at = published().extract_timestamp_in(TOKEN, &mut scratch);
    assert_eq!(made_at, Ok(UnixTime::from_secs(MADE_AT)));
    let foreign = Fernet::new(ring(&[1])).extract_timestamp_in(TOKEN, &mut scratch);
    assert_eq!(foreign, Err(FernetError::Invalid));
    assert_eq!(scratch, b"kept");
}

#[test]
fn lent_buffers_are_appended_to_or_unchanged() {
    let mut plain = heapless::Vec::<u8, 78>::from_slice(b"before").unwrap();
    let now = UnixTime::from_secs(MADE_AT);
    assert_eq!(published().decrypt_at_into(TOKEN, None, now, &mut plain), Err(FernetError::Full));
    assert_eq!(plain, b"before");
    plain.truncate(5);
    assert_eq!(published().decrypt_at_into(INVALID[0].1, None, now, &mut plain), Err(FernetError::Invalid));
    assert_eq!(plain, b"befor");
    assert_eq!(published().decrypt_at_into(TOKEN, None, now, &mut plain), Ok(()));
    assert_eq!(plain, b"beforhello");
    let mut token = heapless::Vec::<u8, 99>::from_slice(b"before").unwrap();
    let encrypted = published().encrypt_at_into(b"text", now, &mut CountingRng::default(), &mut token);
    assert_eq!(encrypted, Err(Full));
    assert_eq!(token, b"before");
}

/// A buffer whose bytes can still be looked at when it was told to drop them.
struct Glass {
    bytes: [u8; 256],
    length: usize,
}

impl AsRef<[u8]> for Glass {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl AsMut<[u8]> for Glass {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }
}

impl Buffer for Glass {
    fn try_resize(&mut self, length: usize) -> Result<(), Full> {
        self.length = length;
        Ok(())
    }

    fn max_capacity(&self) -> usize {
        self.bytes.len()
    }
}

#[test]
fn nothing_of_the_payload_stays_behind_the_buffer() {
    let fernet = published();
    let token = encrypt(&fernet, &[b'x'; 40], 5);
    let mut glass = Glass { bytes: [0; 256], length: 0 };
    assert_eq!(fernet.decrypt_at_into(&token, None, UnixTime::default(), &mut glass), Ok(()));
    assert_eq!(glass.as_ref(), [b'x'; 40]);
    assert_eq!(glass.bytes[40..40 + 25], [0; 25]);
    let mut rotated = heapless::Vec::<u8, 256>::new();
    glass.length = 0;
    assert_eq!(fernet.rotate_into(&token, &mut CountingRng::default(), &mut glass, &mut rotated), Ok(()));
    assert_eq!(glass.bytes[..40 + 25], [0; 40 + 25]);
}

#[cfg(feature = "alloc")]
#[test]
fn owned_forms_are_the_same() {
    let (fernet, mut rng) = (published(), CountingRng::default());
    let at = UnixTime::from_secs(MADE_AT);
    let token = fernet.encrypt_at(b"hello", at, &mut rng).unwrap();
    assert_eq!(token.as_bytes(), encrypt(&fernet, b"hello", MADE_AT));
    assert_eq!(*fernet.decrypt_at(&token, None, at).unwrap(), *b"hello");
    assert_eq!(fernet.extract_timestamp(&token), Ok(at));
    let rotated = fernet.rotate(&token, &mut rng).unwrap();
    assert_ne!(rotated, token);
    assert_eq!(*fernet.decrypt_at(&rotated, None, at).unwrap(), *b"hello");
}

#[cfg(feature = "std")]
#[test]
fn the_clock_is_the_systems() {
    let fernet = published().strict();
    let token = fernet.encrypt(b"now", &mut CountingRng::default()).unwrap();
    assert_eq!(*fernet.decrypt(&token, Some(Duration::from_mins(1))).unwrap(), *b"now");
    assert_eq!(fernet.decrypt(TOKEN, Some(Duration::from_mins(1))), Err(FernetError::Invalid));
}
