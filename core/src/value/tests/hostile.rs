//! Bytes that nobody wrote.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::string::String;
use std::time::{Duration, Instant};
use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::model::{encode, model, recode};
use crate::value::{MAX_DEPTH, ValueError, read, skip, validate, write};

#[derive(Deserialize)]
#[expect(dead_code, reason = "only read")]
enum Any<'a> {
    Text(&'a str),
    List(Vec<(u8, Option<char>)>),
    Fields { map: BTreeMap<i64, f32>, rest: IgnoredAny },
    Deep(Vec<Any<'a>>),
}

/// Reads `bytes` as many types. What counts is that each returns.
fn read_all(bytes: &[u8]) {
    let _ = read::<Any<'_>>(bytes).is_ok();
    let _ = read::<serde_json::Value>(bytes).is_ok();
    let _ = read::<Vec<Vec<String>>>(bytes).is_ok();
    let _ = read::<BTreeMap<bool, [u8; 3]>>(bytes).is_ok();
    let _ = read::<(u8, f64, Duration, IpAddr)>(bytes).is_ok();
}

/// Checks what must hold of any bytes.
fn check(bytes: &[u8]) {
    read_all(bytes);
    let Ok(length) = skip(bytes) else {
        assert!(validate(bytes).is_err() && read::<IgnoredAny>(bytes).is_err() && recode(bytes).is_err());
        return;
    };
    assert!(0 < length && length <= bytes.len());
    let one = &bytes[..length];
    assert_eq!(skip(one), Ok(length));
    assert_eq!(skip(&one[..length - 1]), Err(ValueError::Corrupt));
    assert!(read::<IgnoredAny>(one).is_ok());
    // There is one way to write each value, so that what reads is written again as it was.
    assert_eq!(recode(one), validate(one).map(|()| one.to_vec()));
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(prop_oneof![0..12_u8, any::<u8>()], 0..200)) {
        check(&bytes);
    }

    #[test]
    fn values_with_a_few_bytes_changed(
        model in model(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![0..12_u8, any::<u8>()]), 1..4),
    ) {
        let mut bytes = encode(&model);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        check(&bytes);
    }
}

/// `levels` arrays, or maps, in one another.
fn nested(levels: usize, level: &[u8]) -> Vec<u8> {
    let mut bytes = level.repeat(levels);
    bytes.push(0);
    bytes
}

#[test]
fn depth_is_bounded() {
    for level in [&hex!("07 01")[..], &hex!("08 01 00")] {
        let deepest = nested(MAX_DEPTH, level);
        check(&deepest);
        assert_eq!(skip(&deepest), Ok(deepest.len()));
        for levels in [MAX_DEPTH + 1, 1_000_000] {
            let bytes = nested(levels, level);
            assert_eq!(skip(&bytes), Err(ValueError::TooDeep));
            assert_eq!(validate(&bytes), Err(ValueError::TooDeep));
            assert_eq!(read::<IgnoredAny>(&bytes).err(), Some(ValueError::TooDeep));
            assert_eq!(read::<serde_json::Value>(&bytes).err(), Some(ValueError::TooDeep));
        }
    }
    assert!(matches!(
        read::<Any<'_>>(&nested(40, &hex!("08 01 04 44656570 07 01"))),
        Err(ValueError::TooDeep)
    ));
}

#[derive(Serialize)]
enum Chain {
    End,
    Link(std::boxed::Box<Chain>),
}

#[test]
fn depth_is_bounded_in_writing() {
    let chain = |levels| (0..levels).fold(Chain::End, |chain, _| Chain::Link(chain.into()));
    let mut buffer = Vec::new();
    assert_eq!(write(&chain(MAX_DEPTH), &mut buffer, usize::MAX), Ok(()));
    assert_eq!(skip(&buffer), Ok(buffer.len()));
    assert_eq!(write(&chain(MAX_DEPTH + 1), &mut Vec::new(), usize::MAX), Err(ValueError::TooDeep));
}

/// Must not be asked to read anything.
#[derive(Debug)]
struct Untouched;

impl<'de> Deserialize<'de> for Untouched {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Never;

        impl<'de> serde::de::Visitor<'de> for Never {
            type Value = Untouched;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("nothing")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, access: A) -> Result<Untouched, A::Error> {
                panic!("asked to allocate {:?} elements", access.size_hint());
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, access: A) -> Result<Untouched, A::Error> {
                panic!("asked to allocate {:?} entries", access.size_hint());
            }
        }

        deserializer.deserialize_any(Never)
    }
}

#[test]
fn lengths_and_counts_are_within_the_input() {
    let numbers =
        [&hex!("02")[..], &hex!("ffffffff0f"), &hex!("ffffffffffffffff7f"), &hex!("ffffffffffffffffff01")];
    for kind in [5, 6, 7, 8] {
        for number in numbers {
            let bytes = [&[kind], number, &[0][..]].concat();
            check(&bytes);
            assert_eq!(skip(&bytes), Err(ValueError::Corrupt));
            assert_eq!(read::<Untouched>(&bytes).err(), Some(ValueError::Corrupt));
        }
    }
    // A map's entry takes two bytes at least.
    assert_eq!(read::<Untouched>(&hex!("08 02 00 00 00")).err(), Some(ValueError::Corrupt));
    assert_eq!(read::<Vec<()>>(&hex!("07 ffffffff0f 00 00")), Err(ValueError::Corrupt));
}

#[test]
fn each_value_has_one_form() {
    for (other_form, why) in [
        (&hex!("80 00")[..], "a kind in two bytes"),
        (&hex!("09"), "no such kind"),
        (&hex!("01 02"), "no such bool"),
        (&hex!("02 8000"), "zero in two bytes"),
        (&hex!("02 808080808080808080 00"), "zero in ten bytes"),
        (&hex!("02 ffffffffffffffffff 02"), "65 bits"),
        (&hex!("02 ffffffffffffffffff 7f"), "70 bits"),
        (&hex!("02 ffffffffffffffffff ff00"), "eleven bytes"),
        (&hex!("03 05"), "an unsigned integer that fits a signed one"),
        (&hex!("03 ffffffffffffffff7f"), "the same, the greatest"),
        (&hex!("05 8100 61"), "a length in two bytes"),
        (&hex!("05 02 61"), "text that ends early"),
        (&hex!("04 00000000000000"), "seven bytes of a float"),
        (&hex!(""), "nothing"),
    ] {
        assert_eq!(skip(other_form), Err(ValueError::Corrupt), "{why}");
        assert_eq!(read::<IgnoredAny>(other_form).err(), Some(ValueError::Corrupt), "{why}");
        check(other_form);
    }
}

#[test]
fn text_that_is_not_utf8_is_not_read() {
    for bytes in [&hex!("05 01 ff")[..], &hex!("07 01 05 02 c3 28"), &hex!("08 01 01 ff 00")] {
        assert_eq!(skip(bytes), Ok(bytes.len()));
        assert_eq!(validate(bytes), Err(ValueError::Corrupt));
        assert_eq!(recode(bytes), Err(ValueError::Corrupt));
    }
}

#[test]
fn time_is_linear() {
    // Many small arrays in one another and side by side; the error stands at the end.
    let mut list = Vec::from(hex!("07 808040"));
    list.extend(hex!("07 01 07 01 00").repeat(1 << 20));
    let start = Instant::now();
    assert_eq!(skip(&list), Ok(list.len()));
    list.truncate(list.len() - 1);
    assert_eq!(skip(&list), Err(ValueError::Corrupt));
    assert!(read::<serde_json::Value>(&list).is_err());
    // A second for 5 MB is a thousand times what it takes; were it quadratic, it would take hours.
    assert!(start.elapsed() < Duration::from_secs(30));
}
