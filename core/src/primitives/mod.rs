//! The cryptographic primitives. Nothing else in the crate names `aes`, `cbc`, `hmac`, `sha2` or `pbkdf2`.

mod hash;
mod secret;
#[cfg(any(test, all(target_arch = "wasm32", target_feature = "simd128")))]
mod swizzle;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use aes::Aes128;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, array::Array};
use ctutils::{Choice, CtEq, CtGt};
use hmac::Hmac;
use sha2::Sha256;

use self::hash::Hash;
#[cfg(test)]
pub(crate) use self::hash::blocks;
pub(crate) use self::hash::{Mac, copy};
pub(crate) use self::secret::Secret;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use self::swizzle::Aes128;

/// Bytes of a SHA-256 hash, of an HMAC-SHA256 tag and of an HKDF block.
pub(crate) const HASH_LENGTH: usize = 32;

/// Bytes of a block of SHA-256.
const HASH_BLOCK: usize = 64;

/// Bytes of an AES block, of the key of AES-128 and of a CBC initialization vector.
pub(crate) const BLOCK_LENGTH: usize = 16;

/// SHA-256 that has absorbed a prefix, which is hashed once however many hashes start with it.
#[derive(Clone)]
pub(crate) struct Hasher(Hash);

impl Hasher {
    pub(crate) const fn new() -> Self {
        Self(Hash::new())
    }

    /// The state after `prefix ‖ bytes`.
    pub(crate) fn absorb(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// `SHA-256(prefix ‖ parts[0] ‖ parts[1] ‖ …)`, FIPS 180-4.
    pub(crate) fn hash(&self, parts: &[&[u8]]) -> [u8; HASH_LENGTH] {
        let mut hash = self.0.clone();
        let Some((last, others)) = parts.split_last() else { return hash.finish() };
        for part in others {
            hash.update(part);
        }
        hash.finish_with(last)
    }
}

/// `PRK = HMAC(salt, ikm)`, the first step of HKDF-SHA256, RFC 5869 section 2.2.
///
/// The result is ready to expand: it is the HMAC state keyed by PRK.
pub(crate) fn hkdf_extract(salt: &[u8], ikm: &[u8]) -> Mac {
    Mac::new(Secret::new(Mac::new(salt).tag(&[ikm])).as_slice())
}

/// `T(1) = HMAC(PRK, info ‖ 1)`, the second step of HKDF-SHA256 for the 32 bytes that every subkey has, RFC 5869 section 2.3.
pub(crate) fn hkdf_expand(prk: &Mac, info: &[&[u8]]) -> Secret<HASH_LENGTH> {
    Secret::new(hkdf_block(prk, &[], info, 1))
}

/// `T(i) = HMAC(PRK, T(i-1) ‖ info ‖ i)`, RFC 5869 section 2.3; the block before the first one is empty.
pub(crate) fn hkdf_block(prk: &Mac, before: &[u8], info: &[&[u8]], counter: u8) -> [u8; HASH_LENGTH] {
    let mut message = prk.begin();
    message.update(before);
    for part in info {
        message.update(part);
    }
    prk.finish(message, &[counter])
}

/// Bytes of the label of a [`OneStepKdf`]: with the counter and the secret they fill a block of SHA-256.
pub(crate) const KDF_LABEL_LENGTH: usize = HASH_BLOCK - 4 - HASH_LENGTH;

/// The one-step key derivation of NIST SP 800-56C rev. 2 section 4.1 with SHA-256, for keys of one hash.
///
/// What all keys have in common is hashed once, and then each short `info` in a single block.
pub(crate) struct OneStepKdf(Hasher);

impl OneStepKdf {
    pub(crate) fn new(secret: &Secret<HASH_LENGTH>, label: &[u8; KDF_LABEL_LENGTH]) -> Self {
        Self(Hasher::new().absorb(&1_u32.to_be_bytes()).absorb(secret.as_slice()).absorb(label))
    }

    /// `SHA-256(00000001 ‖ secret ‖ label ‖ info)`.
    pub(crate) fn derive(&self, info: &[u8]) -> Secret<HASH_LENGTH> {
        Secret::new(self.0.hash(&[info]))
    }
}

/// PBKDF2-HMAC-SHA256 into `key`, RFC 8018 section 5.2. No iterations count as one.
pub(crate) fn pbkdf2(password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
    // It could only fail for a password of a length that HMAC refuses: it takes every length.
    let _ = pbkdf2::pbkdf2::<Hmac<Sha256>>(password, salt, iterations, key);
}

/// AES-128 in CBC mode without padding, FIPS 197 and NIST SP 800-38A section 6.2, under one key.
///
/// The key schedules are kept and erased on drop.
#[derive(Clone)]
pub(crate) struct Cipher(Aes128);

impl Cipher {
    #[inline]
    pub(crate) fn new(key: &[u8; BLOCK_LENGTH]) -> Self {
        Self(Aes128::new(Array::cast_from_core(key)))
    }

    /// Encrypts in place what lies behind the first `prefix` bytes of `signed`, whole blocks: `C[i] = AES(key, P[i] ⊕ C[i-1])`
    /// with `C[-1] = iv`; and returns the tag of `signed` then.
    ///
    /// Both are chains in which each block waits for the one before. Done block by block in turn, the processor works on
    /// both at once, and together they take little longer than the slower one.
    pub(crate) fn encrypt_and_tag(
        &self,
        mac: &Mac,
        iv: &[u8; BLOCK_LENGTH],
        signed: &mut [u8],
        prefix: usize,
    ) -> [u8; HASH_LENGTH] {
        let mut encryptor = cbc::Encryptor::inner_iv_init(&self.0, Array::cast_from_core(iv));
        if cfg!(target_arch = "wasm32") {
            // There the code for both in turn is larger, and no faster.
            let blocks = signed.get_mut(prefix..).unwrap_or_default().as_chunks_mut().0;
            encryptor.encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
            return mac.tag(&[signed]);
        }
        let mut message = mac.begin();
        let (mut hashed, mut encrypted) = (0, prefix);
        while encrypted < signed.len() {
            // Whole blocks that were encrypted a turn ago: what has just been written is slow to read back.
            let ready = encrypted.wrapping_sub(encrypted % HASH_BLOCK);
            let next = encrypted.wrapping_add(HASH_BLOCK).min(signed.len());
            let blocks = signed.get_mut(encrypted..next).unwrap_or_default().as_chunks_mut().0;
            encryptor.encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
            encrypted = next;
            if encrypted < signed.len() {
                message.update(signed.get(hashed..ready).unwrap_or_default());
                hashed = ready;
            }
        }
        mac.finish(message, signed.get(hashed..).unwrap_or_default())
    }

    /// In place: `P[i] = AES⁻¹(key, C[i]) ⊕ C[i-1]` with `C[-1] = iv`.
    pub(crate) fn decrypt(&self, iv: &[u8; BLOCK_LENGTH], blocks: &mut [[u8; BLOCK_LENGTH]]) {
        cbc::Decryptor::inner_iv_init(&self.0, Array::cast_from_core(iv))
            .decrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    }
}

/// The padding for `length` bytes of plaintext: that many bytes of that value, 1 to 16,
/// RFC 5652 section 6.3 (PKCS #7).
pub(crate) const fn padding_of(length: usize) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "a remainder by 16 fits a byte")]
    let used = (length % BLOCK_LENGTH) as u8;
    16_u8.wrapping_sub(used)
}

/// How many bytes of the last block are plaintext, 0 to 15; `None` where its PKCS #7 padding
/// (RFC 5652 section 6.3) is wrong. Looks at all 16 bytes whatever they are.
pub(crate) fn unpad(block: &[u8; BLOCK_LENGTH]) -> Option<usize> {
    const FROM_END: [u8; BLOCK_LENGTH] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
    let [.., padding] = *block;
    // What is wrong about any byte, gathered without a branch: all 16 are one step of the processor.
    let wrong = block.iter().zip(FROM_END).fold(0, |wrong, (byte, from_end)| {
        // 0xff where the difference is below zero.
        let is_padding = (u16::from(from_end).wrapping_sub(padding.into()) >> 8).to_le_bytes()[0];
        wrong | (is_padding & (byte ^ padding))
    });
    let good = wrong.ct_eq(&0) & !padding.ct_eq(&0) & !padding.ct_gt(&16);
    let length = BLOCK_LENGTH.wrapping_sub(padding.into());
    bool::from(good).then_some(length)
}

/// Whether both are the same bytes; for equal lengths the time does not depend on where they differ.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Whether every byte is the same, in a time that depends on the length only.
pub(crate) fn is_constant(bytes: &[u8]) -> bool {
    let mut constant = Choice::TRUE;
    for (byte, next) in bytes.iter().zip(bytes.iter().skip(1)) {
        constant &= byte.ct_eq(next);
    }
    constant.into()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
