//! A second implementation, from the page and on hash and block cipher alone: what it makes must be what the core makes.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use sha2::{Digest as _, Sha256};

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// RFC 2104, for keys of up to a block.
pub(crate) fn hmac(key: &[u8], message: &[&[u8]]) -> [u8; 32] {
    let pad = |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect() };
    let inner = sha256(&[&pad(0x36), &message.concat()]);
    sha256(&[&pad(0x5c), &inner])
}

pub(crate) fn prk(key: &[u8]) -> [u8; 32] {
    hmac(b"fastsession hkdf 1", &[key])
}

/// The subkey for a purpose in a namespace.
pub(crate) fn subkey(key: &[u8], purpose: &str, namespace: &str, of: &[u8]) -> [u8; 32] {
    hmac(&prk(key), &[&info(purpose, namespace), of, &[1]])
}

/// The subkey, and more than that.
pub(crate) fn record_root(key: &[u8], purpose: &str, namespace: &str) -> Vec<u8> {
    let first = subkey(key, purpose, namespace, b"");
    let more = hmac(&prk(key), &[&first, &info(purpose, namespace), &[2]]);
    [&first, &more[..28]].concat()
}

fn info(purpose: &str, namespace: &str) -> Vec<u8> {
    let length = u16::try_from(namespace.len()).unwrap().to_be_bytes();
    [purpose.as_bytes(), &length, namespace.as_bytes()].concat()
}

pub(crate) fn seal(key: &[u8; 32], at: u64, iv: [u8; 16], content: &[u8]) -> Vec<u8> {
    let cipher = Aes128::new_from_slice(&key[16..]).unwrap();
    let padding = 16 - content.len() % 16;
    let padded = [content, &vec![u8::try_from(padding).unwrap(); padding]].concat();
    let mut token = [&[0x80][..], &at.to_be_bytes(), &iv].concat();
    let mut last = iv;
    for block in padded.chunks(16) {
        let mixed: [u8; 16] = core::array::from_fn(|at| block[at] ^ last[at]);
        let mut block = mixed.into();
        cipher.encrypt_block(&mut block);
        last = block.into();
        token.extend(last);
    }
    let mac = hmac(&key[..16], &[&token]);
    [token, mac.to_vec()].concat()
}

/// When a token was sealed, its initialization vector and its content.
pub(crate) fn open(key: &[u8; 32], token: &[u8]) -> (u64, [u8; 16], Vec<u8>) {
    let (signed, mac) = token.split_at(token.len() - 32);
    assert_eq!(hmac(&key[..16], &[signed]), mac);
    assert_eq!(signed[0], 0x80);
    let cipher = Aes128::new_from_slice(&key[16..]).unwrap();
    let iv: [u8; 16] = signed[9..25].try_into().unwrap();
    let (mut last, mut content) = (iv, Vec::new());
    for sealed in signed[25..].chunks(16) {
        let sealed: [u8; 16] = sealed.try_into().unwrap();
        let mut block = sealed.into();
        cipher.decrypt_block(&mut block);
        content.extend(block.iter().zip(last).map(|(byte, last)| byte ^ last));
        last = sealed;
    }
    let padding = usize::from(*content.last().unwrap());
    assert!((1..=16).contains(&padding) && content.ends_with(&vec![u8::try_from(padding).unwrap(); padding]));
    content.truncate(content.len() - padding);
    (u64::from_be_bytes(signed[1..9].try_into().unwrap()), iv, content)
}

/// base64url without padding, RFC 4648 section 5.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    (0..bytes.len() * 8)
        .step_by(6)
        .map(|start| (start..start + 6).fold(0, |value, at| value << 1 | bits(at)))
        .map(|value| char::from(ALPHABET[usize::from(value)]))
        .collect()
}

pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
    bytes
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [varint(u64::try_from(text.len()).unwrap()), text.as_bytes().to_vec()].concat()
}
