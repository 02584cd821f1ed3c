//! What the targets share: an application with fixed keys, a clock that stands still, and numbers that repeat.

use std::convert::Infallible;

use fastsession_core::manager::{Builder, Manager};
use fastsession_core::rand_core::{TryCryptoRng, TryRng};
use fastsession_core::time::UnixTime;
use fastsession_core::token::{Fernet, Key, KeyRing};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

pub const AT: u64 = 1_700_000_000;
pub const NOW: UnixTime = UnixTime::from_secs(AT);
pub const ID: &[u8] = b"an-id-of-an-application's-own";

const KEY: [u8; 32] = *b"key for fuzzing, of no other use";
const NAMESPACE: &str = "session";

fn ring() -> KeyRing {
    KeyRing::new(Key::from_bytes(&KEY).unwrap())
}

/// An application's manager; the cookie is called `id`.
pub fn manager(settings: impl FnOnce(Builder) -> Builder) -> Manager {
    settings(Manager::builder(ring()).cookie_name("id").secure(false)).build().unwrap()
}

/// The cookie of [`ID`].
pub fn cookie() -> String {
    Fernet::new(ring()).encrypt_at(ID, NOW, &mut Numbers::default()).unwrap()
}

/// The record of [`ID`] that holds `plaintext`, whatever it is: see `docs/format.md`.
pub fn record(plaintext: &[u8]) -> Vec<u8> {
    let length = u16::try_from(NAMESPACE.len()).unwrap().to_be_bytes();
    let info = [b"fastsession record 1", &length[..], NAMESPACE.as_bytes(), &[1]].concat();
    let root = hmac(&hmac(b"fastsession hkdf 1", &KEY), &info);
    let label = b"fastsession keys of record 1";
    let key: [u8; 32] = Sha256::digest([&[0, 0, 0, 1], &root[..], label, ID].concat()).into();
    let fernet = Fernet::new(KeyRing::new(Key::from_bytes(&key).unwrap()));
    let text = fernet.encrypt_at(plaintext, NOW, &mut Numbers::default()).unwrap();
    from_base64(&text)
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
}

fn from_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for symbol in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|known| *known == symbol).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held).to_le_bytes()[0]);
        }
    }
    bytes
}

/// "Randomness" that a crash can be repeated with: no two blocks are equal.
#[derive(Default, PartialEq)]
pub struct Numbers(u64);

impl TryRng for Numbers {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 += 1;
        Ok(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let number = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Numbers {}
