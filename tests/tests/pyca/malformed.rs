//! Tokens that are not as they should be: the verdict here, and whether pyca/cryptography shares it.

use crate::decrypt;
use crate::peer::{Answer, Peer, Request};

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
/// The published vector: "hello".
const TOKEN: &str =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
const BYTES: &str = "8000000000\
    1dc09eb0000102030405060708090a0b0c0d0e0f2d36d5ca4655\
    6299fde13008633804b2c5ff9095f5d38f9ab86e5543e02686f03b3ec971b9ab47ae23566a54e08c2a0c";

/// Asserts that `token` opens or not, here and there.
fn check(cases: &[(String, Vec<u8>)], opens_here: bool, opens_there: bool) {
    let requests: Vec<Request> = cases.iter().map(|(_, token)| Request::decrypt(KEY, token)).collect();
    for ((name, token), answer) in cases.iter().zip(Peer::start().ask(&requests)) {
        let text = token.escape_ascii();
        assert_eq!(decrypt(KEY, token).is_some(), opens_here, "{name}, here: {text}");
        assert_eq!(answer.accepted().is_some(), opens_there, "{name}, there: {text}: {answer:?}");
    }
}

fn case(name: &str, token: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (name.to_owned(), token.into())
}

/// The tokens that pyca/cryptography makes on `requests`.
fn forge(requests: &[Request]) -> Vec<Vec<u8>> {
    Peer::start().ask(requests).into_iter().map(Answer::unwrap).collect()
}

fn bytes() -> Vec<u8> {
    hex::decode(BYTES).unwrap()
}

fn encode(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = Vec::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().chain(&[0, 0]).take(3).fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let symbols = [18, 12, 6, 0].map(|shift| ALPHABET[bits >> shift & 63]);
        text.extend(&symbols[..=group.len()]);
        text.extend(&b"=="[..3 - group.len()]);
    }
    text
}

#[test]
fn what_both_open() {
    assert_eq!(encode(&bytes()), TOKEN.as_bytes());
    check(&[case("the published token", TOKEN)], true, true);
}

#[test]
fn what_both_refuse() {
    let mut cases = vec![
        case("empty", ""),
        case("one character", "g"),
        case("no base64", "%".repeat(TOKEN.len())),
        case("not ASCII", TOKEN.replace('g', "ü")),
        case("NUL", "\0".repeat(TOKEN.len())),
        case("only padding", "===="),
        case("too much padding", TOKEN.replace("A==", "===")),
        case("too little padding", &TOKEN[..TOKEN.len() - 1]),
    ];
    // Two characters less is the whole token without its padding.
    cases.extend((0..TOKEN.len() - 2).map(|length| case("cut short", &TOKEN[..length])));
    cases.extend((1..73).map(|length| case("bytes missing at the end", encode(&bytes()[..length]))));
    cases.extend((1..73).map(|length| case("bytes missing at the start", encode(&bytes()[length..]))));
    cases.extend((1..40).map(|more| case("bytes added", encode(&[bytes(), vec![0; more]].concat()))));
    for bit in 0..bytes().len() * 8 {
        let mut changed = bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        cases.push(case("one bit changed", encode(&changed)));
    }
    check(&cases, false, false);
}

#[test]
fn what_both_refuse_although_the_mac_is_right() {
    let signed = &bytes()[..41];
    let mut requests = vec![];
    for version in (0..=255).filter(|version| *version != 0x80) {
        let mut other = signed.to_vec();
        other[0] = version;
        requests.push(Request::sign(KEY, &other));
    }
    // No ciphertext, parts of a block, and even less than a whole prefix.
    requests.extend((0..41).map(|length| Request::sign(KEY, &signed[..length])));
    requests.extend((1..16).map(|more| Request::sign(KEY, &[signed, &vec![0; more]].concat())));
    let cases: Vec<_> = forge(&requests).into_iter().map(|token| case("rightly signed", token)).collect();
    check(&cases, false, false);
}

#[test]
fn paddings_are_judged_alike() {
    let mut good = vec![];
    let mut bad = vec![];
    for value in 0..=255 {
        let list = if (1..=16).contains(&value) { &mut good } else { &mut bad };
        list.push(Request::sign_padded(KEY, &[value; 16]));
        let list = if value == 1 { &mut good } else { &mut bad };
        list.push(Request::sign_padded(
            KEY,
            &[[0; 16], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, value]].concat(),
        ));
        // The first byte of a padding is wrong.
        if (2..=16).contains(&value) {
            let mut block = [value; 16];
            block[16 - usize::from(value)] ^= 1;
            bad.push(Request::sign_padded(KEY, &block));
        }
    }
    let named = |requests: &[Request]| -> Vec<_> {
        forge(requests).into_iter().map(|token| case("padding", token)).collect()
    };
    check(&named(&good), true, true);
    check(&named(&bad), false, false);
}

#[test]
fn another_key_is_refused_by_both() {
    let other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let answers = Peer::start().ask(&[Request::decrypt(other, TOKEN.as_bytes())]);
    assert_eq!((decrypt(other, TOKEN.as_bytes()), answers), (None, vec![Answer::Refused]));
}

/// Python's decoder skips what it does not know. Here one token has one text (and that without padding), so that
/// nothing else that is derived from the text can differ where the token is the same.
#[test]
fn what_is_stricter_here() {
    let (start, end) = TOKEN.split_at(40);
    let cases = [
        case("the alphabet that is not for URLs", TOKEN.replace('_', "/").replace('-', "+")),
        case("space before", format!(" {TOKEN}")),
        case("line end behind", format!("{TOKEN}\n")),
        case("line end within", format!("{start}\r\n{end}")),
        case("unknown character within", format!("{start}!{end}")),
        case("bits behind the last byte", TOKEN.replace("DA==", "DB==")),
        case("more padding", format!("{TOKEN}=")),
        case("text behind the padding", format!("{TOKEN}AAAA")),
    ];
    check(&cases, false, true);
}

/// Cookies and URLs often lose the padding; the specification's reference implementations differ on it.
#[test]
fn what_is_more_lenient_here() {
    check(&[case("without padding", TOKEN.trim_end_matches('='))], true, false);
}
