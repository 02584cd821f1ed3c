//! Numbers, text and bytes.

use std::boxed::Box;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use hex_literal::hex;
use serde::{Deserialize, Serialize};

use super::{bytes_of, convert, mismatch, round};
use crate::value::{Kind, ValueError, read, write};

#[test]
fn integers_of_all_widths() {
    macro_rules! check {
        ($($number:ty)*) => {$(
            for number in [<$number>::MIN, <$number>::MIN + 1, 0, 1, 63, 64, 100, <$number>::MAX - 1, <$number>::MAX] {
                round(&number);
                assert_eq!(convert::<i128>(&number), Ok(number.into()));
            }
        )*};
    }
    check!(i8 i16 i32 i64 u8 u16 u32 u64);
    assert_eq!(bytes_of(&-1_i8), hex!("02 01"));
    assert_eq!(bytes_of(&i64::MAX.unsigned_abs()), hex!("02 feffffffffffffffff 01"));
    assert_eq!(bytes_of(&(1_u64 << 63)), hex!("03 80808080808080808001"));
}

#[test]
fn integers_convert_if_they_fit() {
    assert_eq!(convert::<u8>(&255_i64), Ok(255));
    assert_eq!(convert::<u8>(&256_u16), Err(ValueError::OutOfRange));
    assert_eq!(convert::<u64>(&-1), Err(ValueError::OutOfRange));
    assert_eq!(convert::<i64>(&(1_u64 << 63)), Err(ValueError::OutOfRange));
    assert_eq!(convert::<core::num::NonZeroU8>(&0), Err(ValueError::OutOfRange));
}

#[test]
fn integers_of_128_bits_fit_64() {
    for number in [i128::from(i64::MIN), -1, 0, i128::from(u64::MAX)] {
        round(&number);
    }
    round(&u128::from(u64::MAX));
    for too_wide in [i128::from(i64::MIN) - 1, i128::from(u64::MAX) + 1] {
        assert_eq!(write(&too_wide, &mut Vec::new(), 99), Err(ValueError::OutOfRange));
    }
    assert_eq!(write(&u128::MAX, &mut Vec::new(), 99), Err(ValueError::OutOfRange));
}

#[test]
fn floats_keep_their_bits() {
    for number in
        [0.0, -0.0, 0.1, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN]
    {
        assert_eq!(convert::<f64>(&number).unwrap().to_bits(), number.to_bits());
    }
    for number in [0.0, -0.0, 0.1, f32::MIN_POSITIVE / 8.0, f32::MAX, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(bytes_of(&number), bytes_of(&f64::from(number)));
        assert_eq!(convert::<f32>(&number).unwrap().to_bits(), number.to_bits());
    }
    assert!(convert::<f32>(&f32::NAN).unwrap().is_nan());
    assert_eq!(bytes_of(&1.5_f32), hex!("04 000000000000f83f"));
}

#[test]
fn a_float_is_read_from_an_exact_integer_only() {
    assert_eq!(convert::<f64>(&-3), Ok(-3.0));
    assert_eq!(convert::<f64>(&0), Ok(0.0));
    assert_eq!(convert::<f64>(&i64::MIN), Ok(-9_223_372_036_854_775_808.0));
    assert_eq!(convert::<f64>(&(1_u64 << 63)), Ok(9_223_372_036_854_775_808.0));
    assert_eq!(convert::<f64>(&((1_i64 << 53) - 1)), Ok(9_007_199_254_740_991.0));
    assert_eq!(convert::<f64>(&((1_i64 << 53) + 1)), Err(ValueError::OutOfRange));
    assert_eq!(convert::<f64>(&u64::MAX), Err(ValueError::OutOfRange));
    assert_eq!(convert::<f32>(&(1 << 24)), Ok(16_777_216.0));
    assert_eq!(convert::<f32>(&((1 << 24) + 1)), Err(ValueError::OutOfRange));
    assert_eq!(convert::<i64>(&3.0), Err(mismatch(Kind::Int, Kind::Float)));
    assert_eq!(convert::<f64>("3"), Err(mismatch(Kind::Float, Kind::Str)));
}

#[test]
fn text_and_characters() {
    for text in ["", "a", "ä€😀\0", &"x".repeat(127), &"x".repeat(128), &"x".repeat(20_000)] {
        round(&text.to_string());
        let bytes = bytes_of(text);
        let borrowed: &str = read(&bytes).unwrap();
        assert!(borrowed == text && bytes.as_ptr_range().end == borrowed.as_bytes().as_ptr_range().end);
    }
    for character in ['a', 'ä', '€', '😀', '\0'] {
        round(&character);
    }
    assert_eq!(convert::<char>("ab"), Err(ValueError::Refused));
    assert_eq!(convert::<char>(""), Err(ValueError::Refused));
    assert_eq!(convert::<char>(&97), Err(mismatch(Kind::Str, Kind::Int)));
    round(&Box::<str>::from("boxed"));
}

/// As `serde_bytes::ByteBuf` does.
#[derive(Debug, PartialEq)]
struct ByteBuf(Vec<u8>);

impl Serialize for ByteBuf {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for ByteBuf {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = ByteBuf;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<ByteBuf, E> {
                Ok(ByteBuf(bytes.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<ByteBuf, E> {
                Ok(ByteBuf(text.into()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut access: A) -> Result<ByteBuf, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = access.next_element()? {
                    bytes.push(byte);
                }
                Ok(ByteBuf(bytes))
            }
        }

        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[test]
fn bytes_are_also_a_sequence() {
    let bytes = vec![0, 1, 127, 128, 255];
    assert_eq!(round(&ByteBuf(bytes.clone())), hex!("06 05 00017f80ff"));
    assert_eq!(round(&bytes), hex!("07 05 0200 0202 02fe01 028002 02fe03"));
    assert_eq!(convert::<Vec<u8>>(&ByteBuf(bytes.clone())), Ok(bytes.clone()));
    assert_eq!(convert::<Vec<u16>>(&ByteBuf(bytes.clone())), Ok(vec![0, 1, 127, 128, 255]));
    assert_eq!(convert::<[u8; 5]>(&ByteBuf(bytes.clone())), Ok([0, 1, 127, 128, 255]));
    assert_eq!(convert::<[u8; 4]>(&ByteBuf(bytes.clone())), Err(ValueError::WrongLength { found: 5 }));
    assert_eq!(convert::<[u8; 6]>(&ByteBuf(bytes.clone())), Err(ValueError::WrongLength { found: 5 }));
    assert_eq!(convert::<ByteBuf>(&bytes), Ok(ByteBuf(bytes.clone())));
    assert_eq!(convert::<ByteBuf>("text"), Ok(ByteBuf("text".into())));
    let encoded = bytes_of(&ByteBuf(bytes.clone()));
    let borrowed: &[u8] = read(&encoded).unwrap();
    assert!(borrowed == bytes && encoded.as_ptr_range().contains(&borrowed.as_ptr()));
}

#[test]
fn formatted_text_needs_no_string_between() {
    struct Shown(usize);

    impl core::fmt::Display for Shown {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            (0..self.0).try_for_each(|digit| write!(f, "{}", digit % 10))
        }
    }

    impl Serialize for Shown {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    for length in [0, 1, 127, 128, 129, 16_383, 16_384] {
        let text: String = Shown(length).to_string();
        assert_eq!(bytes_of(&Shown(length)), bytes_of(&text));
        let needed = bytes_of(&text).len();
        for limit in
            (needed.saturating_sub(3)..needed).chain([0, 1, needed / 2]).filter(|limit| *limit < needed)
        {
            let mut buffer = Vec::new();
            let failure = write(&Shown(length), &mut buffer, limit);
            assert!(matches!(failure, Err(ValueError::Full { .. })) && buffer.is_empty());
        }
    }
}

#[test]
fn json_has_no_bytes() {
    // Its own tree of values cannot take them.
    assert!(matches!(convert::<serde_json::Value>(&ByteBuf(vec![1])), Err(ValueError::Mismatch { .. })));
}
