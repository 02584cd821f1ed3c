//! Fernet by itself.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use fastsession_core::token;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::config;
use crate::failure::Failure;
use crate::manager::time;
use crate::message::Reader;
use crate::random::HostRandom;

/// Encrypts and decrypts Fernet tokens.
#[wasm_bindgen]
pub struct Fernet(token::Fernet);

#[wasm_bindgen]
impl Fernet {
    /// Fernet under these keys, newest first.
    ///
    /// # Errors
    /// `invalid_key`
    #[wasm_bindgen(constructor)]
    pub fn new(keys: &[u8], strict: bool) -> Result<Fernet, JsValue> {
        let fernet = token::Fernet::new(config::ring(&mut Reader::new(keys))?);
        Ok(Self(if strict { fernet.strict() } else { fernet }))
    }

    /// The token of `plaintext`.
    ///
    /// # Errors
    /// `internal`
    pub fn encrypt(&self, plaintext: &[u8], now: f64, random: &[u8]) -> Result<String, JsValue> {
        let mut random = HostRandom::new(random)?;
        let token = self.0.encrypt_at(plaintext, time(now), &mut random).map_err(Failure::from)?;
        random.check()?;
        Ok(token)
    }

    /// The plaintext of `token`; a negative `ttl` is none.
    ///
    /// # Errors
    /// `invalid_token`
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as is meant")]
    pub fn decrypt(&self, token: &str, ttl: f64, now: f64) -> Result<Vec<u8>, JsValue> {
        let ttl = (ttl >= 0.0).then(|| Duration::from_secs(ttl as u64));
        let plaintext = self.0.decrypt_at(token, ttl, time(now)).map_err(Failure::from)?;
        Ok(plaintext.into_vec())
    }

    /// When `token` was made, in seconds.
    ///
    /// # Errors
    /// `invalid_token`
    #[expect(clippy::cast_precision_loss, reason = "JavaScript has no other numbers")]
    pub fn timestamp(&self, token: &str) -> Result<f64, JsValue> {
        Ok(self.0.extract_timestamp(token).map_err(Failure::from)?.as_secs() as f64)
    }

    /// The same payload and time under the newest key.
    ///
    /// # Errors
    /// `invalid_token`
    pub fn rotate(&self, token: &str, random: &[u8]) -> Result<String, JsValue> {
        let mut random = HostRandom::new(random)?;
        let token = self.0.rotate(token, &mut random).map_err(Failure::from)?;
        random.check()?;
        Ok(token)
    }
}

/// A new key as text.
///
/// # Errors
/// `internal`
#[wasm_bindgen]
pub fn generate_key(random: &[u8]) -> Result<String, JsValue> {
    let mut random = HostRandom::new(random)?;
    let key = token::Key::generate(&mut random);
    random.check()?;
    Ok(String::from(key.to_text().as_str()))
}

/// The key of a passphrase, as text.
///
/// # Errors
/// `invalid_key`
#[wasm_bindgen]
pub fn derive_key(passphrase: &[u8], salt: &[u8], iterations: u32) -> Result<String, JsValue> {
    let key = token::Key::derive_with_iterations(passphrase, salt, iterations);
    let key = key.map_err(|error| Failure::Key(1, error))?;
    Ok(String::from(key.to_text().as_str()))
}
