//! The others.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use harness::{Contender, Worker};
use openssl::cipher::Cipher;
use openssl::cipher_ctx::CipherCtx;
use openssl::sha::Sha256;

use super::{Direction, KEY};

/// The `fernet` crate as it comes, on OpenSSL.
pub(super) fn openssl_build(direction: Direction, size: usize) -> Result<Contender> {
    let fernet = fernet::Fernet::new(KEY).context("the key is no key")?;
    let payload = vec![b'x'; size];
    let token = fernet.encrypt(&payload);
    Ok(Contender::new("fernet crate, default", move |count| {
        for _ in 0..count {
            match direction {
                Direction::Encrypt => drop(black_box(fernet.encrypt(black_box(&payload)))),
                Direction::Decrypt => drop(black_box(fernet.decrypt(black_box(&token)))),
            }
        }
    }))
}

/// The program that has the `fernet` crate on RustCrypto: beside this one.
pub(super) fn rustcrypto() -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("fastsession-bench-rustcrypto");
    anyhow::ensure!(program.exists(), "{} is not built: use `cargo xtask bench`", program.display());
    Ok(program)
}

/// A Python process that does as `pyca.py` says.
pub(super) fn pyca(python: &Path) -> Result<Worker> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fernet/pyca.py");
    Worker::start(Command::new(python).arg(script))
}

/// AES-128-CBC and HMAC-SHA256 by OpenSSL, with contexts that are kept and into memory that is kept: no base64, no random
/// numbers, no clock.
pub(super) fn practical_limit(direction: Direction, size: usize) -> Result<Contender> {
    let payload = vec![b'x'; size];
    let mac = Mac::new();
    let mut cipher = CipherCtx::new()?;
    let mut token = vec![0; size.next_multiple_of(16) + 64];
    cipher.encrypt_init(Some(Cipher::aes_128_cbc()), Some(&[7; 16]), Some(&[9; 16]))?;
    let sealed = seal(&mut cipher, &payload, &mut token)?;
    let (token, mut out) = (token.get(..sealed).context("the token does not fit")?.to_vec(), token);
    if direction == Direction::Decrypt {
        cipher.decrypt_init(Some(Cipher::aes_128_cbc()), Some(&[7; 16]), None)?;
    }
    Ok(Contender::new("OpenSSL, contexts kept, no base64", move |count| {
        for _ in 0..count {
            match direction {
                Direction::Encrypt => {
                    let _ = black_box(seal(&mut cipher, black_box(&payload), &mut out));
                    black_box(mac.tag(&out[..sealed]));
                }
                Direction::Decrypt => {
                    black_box(mac.tag(black_box(&token)));
                    let _ = black_box(open(&mut cipher, &token, &mut out));
                }
            }
        }
    }))
}

/// Bytes before the ciphertext.
const PREFIX: usize = 25;

fn seal(cipher: &mut CipherCtx, payload: &[u8], out: &mut [u8]) -> Result<usize> {
    cipher.encrypt_init(None, None, Some(&[9; 16]))?;
    let mut end = PREFIX + cipher.cipher_update(payload, Some(&mut out[PREFIX..]))?;
    end += cipher.cipher_final(&mut out[end..])?;
    Ok(end)
}

fn open(cipher: &mut CipherCtx, token: &[u8], out: &mut [u8]) -> Result<usize> {
    cipher.decrypt_init(None, None, Some(&[9; 16]))?;
    let end = cipher.cipher_update(&token[PREFIX..], Some(out))?;
    Ok(end + cipher.cipher_final(&mut out[end..])?)
}

/// HMAC-SHA256 whose two states are kept.
struct Mac {
    inner: Sha256,
    outer: Sha256,
}

impl Mac {
    fn new() -> Self {
        let (mut inner, mut outer) = (Sha256::new(), Sha256::new());
        inner.update(&[0x36; 64]);
        outer.update(&[0x5c; 64]);
        Self { inner, outer }
    }

    fn tag(&self, bytes: &[u8]) -> [u8; 32] {
        let (mut inner, mut outer) = (self.inner.clone(), self.outer.clone());
        inner.update(bytes);
        outer.update(&inner.finish());
        outer.finish()
    }
}
