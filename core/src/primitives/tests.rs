use sha2::digest::{FixedOutput as _, Update as _};

use super::*;

#[test]
fn wycheproof() {
    for (name, cases, run) in vectors::SETS {
        assert_eq!(run(), Ok(cases), "{name}: how many passed, or the first that failed");
    }
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
    assert_eq!(Hasher::new().hash(&[b"abc"]), expected);
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

#[test]
fn hashes_and_tags_equal_those_of_the_crates() {
    let text: [u8; 300] = core::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap());
    for length in 0..=text.len() {
        let whole = &text[..length];
        let hash = <[u8; 32]>::from(<Sha256 as sha2::Digest>::digest(whole));
        // In one piece, and in two of every length.
        assert_eq!(Hasher::new().hash(&[whole]), hash, "{length}");
        let (mac, mut message) = (Mac::new(whole), <Hmac<Sha256> as KeyInit>::new_from_slice(whole).unwrap());
        message.update(whole);
        let tag = <[u8; 32]>::from(message.finalize_fixed());
        assert_eq!(mac.tag(&[whole]), tag, "{length}");
        for at in 0..=length {
            let (start, end) = whole.split_at(at);
            assert_eq!(Hasher::new().hash(&[start, end]), hash, "{at} of {length}");
            assert_eq!(mac.tag(&[start, end]), tag, "{at} of {length}");
        }
    }
}
