//! The two serial chains of a token by themselves: neither can be cut short, since each block needs the one before.

use std::hint::black_box;

use aes::Aes128;
use cbc::Encryptor;
use cbc::cipher::{BlockModeEncrypt as _, InnerIvInit as _, KeyInit as _, array::Array};
use harness::Contender;
use sha2::{Digest as _, Sha256};

use super::{RAW_AES, RAW_SHA};

/// AES-128-CBC over the padded payload.
pub(super) fn aes(size: usize) -> Contender {
    let mut blocks = vec![Array::from([b'x'; 16]); size / 16 + 1];
    let cipher = Aes128::new(&[7; 16].into());
    Contender::new(RAW_AES, move |count| {
        for _ in 0..count {
            Encryptor::inner_iv_init(&cipher, &[9; 16].into()).encrypt_blocks(black_box(&mut blocks));
        }
    })
}

/// SHA-256 over what is signed.
pub(super) fn sha256(size: usize) -> Contender {
    let signed = vec![b'x'; 25 + (size / 16 + 1) * 16];
    Contender::new(RAW_SHA, move |count| {
        for _ in 0..count {
            black_box(Sha256::digest(black_box(&signed)));
        }
    })
}
