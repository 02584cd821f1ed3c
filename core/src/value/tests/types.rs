//! Every type of serde's data model but enums.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::string::{String, ToString};
use std::time::Duration;
use std::vec::Vec;
use std::{format, vec};

use hex_literal::hex;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{bytes_of, convert, round};
use crate::value::{Kind, ValueError, read, write};

const fn mismatch(expected: Kind, found: Kind) -> ValueError {
    ValueError::Mismatch { expected: Some(expected), found: Some(found) }
}

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
fn options_units_and_newtypes() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Unit;
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Newtype(u32);

    assert_eq!(round(&()), hex!("00"));
    assert_eq!(round(&Unit), hex!("00"));
    assert_eq!(round(&core::marker::PhantomData::<u8>), hex!("00"));
    assert_eq!(round(&Newtype(7)), hex!("02 0e"));
    assert_eq!(round(&None::<bool>), hex!("00"));
    assert_eq!(round(&Some(true)), hex!("01 01"));
    assert_eq!(round(&Some(Newtype(7))), hex!("02 0e"));
    assert_eq!(round(&Some(Some(1))), hex!("02 02"));
    round(&vec![Some(1), None, Some(3)]);
    assert_eq!(convert::<()>(&1), Err(mismatch(Kind::Null, Kind::Int)));
    assert_eq!(convert::<bool>(&()), Err(mismatch(Kind::Bool, Kind::Null)));
}

#[test]
fn nested_options_lose_the_outer_some() {
    assert_eq!(convert::<Option<Option<u8>>>(&Some(None::<u8>)), Ok(None));
    assert_eq!(convert::<Option<()>>(&Some(())), Ok(None));
}

#[test]
fn sequences_and_tuples() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Pair(i8, String);

    round(&Vec::<u8>::new());
    round(&vec![vec![1], vec![], vec![2, 3]]);
    round(&[1, 2, 3]);
    round(&(1, "a".to_string(), Some(false), [(); 2]));
    assert_eq!(round(&Pair(-1, "a".into())), hex!("07 02 0201 050161"));
    for length in [127, 128, 16_383, 16_384] {
        let items = vec![true; length];
        assert_eq!(bytes_of(&items), bytes_of(&Uncounted(&items)));
        assert_eq!(convert::<Vec<bool>>(&Uncounted(&items)).as_ref(), Ok(&items));
    }
    assert_eq!(convert::<(u8, u8)>(&[1, 2, 3]), Err(ValueError::WrongLength { found: 3 }));
    assert_eq!(convert::<(u8, u8)>(&[1]), Err(ValueError::WrongLength { found: 1 }));
    assert_eq!(convert::<Pair>(&json!({"0": 1})), Err(mismatch(Kind::Array, Kind::Map)));
}

/// A sequence that does not tell its length before.
struct Uncounted<'a, T>(&'a [T]);

impl<T: Serialize> Serialize for Uncounted<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut seq = serializer.serialize_seq(None)?;
        self.0.iter().try_for_each(|item| seq.serialize_element(item))?;
        seq.end()
    }
}

#[test]
fn maps_with_each_kind_of_key() {
    #[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug, Clone, Copy)]
    enum Color {
        Red,
        #[serde(rename = "deep blue")]
        Blue,
    }
    #[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
    struct UserId(u64);

    fn map<K: Ord>(keys: impl IntoIterator<Item = K>) -> BTreeMap<K, usize> {
        keys.into_iter().enumerate().map(|(index, key)| (key, index)).collect()
    }

    assert_eq!(round(&map(["a".to_string(), String::new()])), hex!("08 02 00 0202 0161 0200"));
    assert_eq!(round(&map([-10_i8, 5])), hex!("08 02 032d3130 0200 0135 0202"));
    macro_rules! integers {
        ($($number:ty)*) => {$(
            round(&map([<$number>::MIN, <$number>::MIN + 1, 0, 9, 10, 99, <$number>::MAX]));
        )*};
    }
    integers!(i8 i16 i32 i64 u8 u16 u32 u64);
    round(&map([-1_i128, i64::MIN.into(), u64::MAX.into()]));
    round(&map([u128::from(u64::MAX)]));
    assert_eq!(write(&map([u128::MAX]), &mut Vec::new(), 99), Err(ValueError::OutOfRange));
    round(&map([true, false]));
    round(&map(['ä', '😀']));
    round(&map([Color::Red, Color::Blue]));
    round(&map([UserId(0), UserId(u64::MAX)]));
    round(&map(["::1".parse::<IpAddr>().unwrap(), "127.0.0.1".parse().unwrap()]));
    round(&map([Some(1)]));
    for value in [&map([vec![1]]) as &dyn erased::Write, &map([()]), &map([(1, 2)]), &map([None::<u8>])] {
        assert!(matches!(value.fails(), ValueError::Unsupported(_)));
    }
}

mod erased {
    use serde::Serialize;

    use super::{ValueError, Vec, write};

    pub(super) trait Write {
        fn fails(&self) -> ValueError;
    }

    impl<T: Serialize> Write for T {
        fn fails(&self) -> ValueError {
            let mut buffer = Vec::new();
            let failure = write(self, &mut buffer, usize::MAX).unwrap_err();
            assert!(buffer.is_empty());
            failure
        }
    }
}

#[test]
fn integer_keys_are_read_from_one_spelling() {
    type Map = BTreeMap<i64, bool>;
    for spelling in ["", "-", "+1", "01", "00", "-0", "-01", " 1", "1 ", "1.0", "1e3", "0x1", "١"] {
        let refused = convert::<Map>(&BTreeMap::from([(spelling, true)]));
        assert_eq!(refused, Err(mismatch(Kind::Int, Kind::Str)), "{spelling}");
    }
    for too_wide in ["9223372036854775808", "-9223372036854775809", "99999999999999999999"] {
        assert_eq!(convert::<Map>(&BTreeMap::from([(too_wide, true)])), Err(ValueError::OutOfRange));
    }
    assert_eq!(
        convert::<BTreeMap<bool, bool>>(&BTreeMap::from([("True", true)])),
        Err(mismatch(Kind::Bool, Kind::Str))
    );
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase")]
struct Profile {
    user_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default)]
    visits: u32,
    #[serde(skip)]
    cache: u8,
    #[serde(rename = "é", alias = "e")]
    accent: (),
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[test]
fn structs() {
    let mut profile = Profile { user_name: "ada".into(), visits: 1, ..Profile::default() };
    assert_eq!(round(&profile), hex!("08 03 08 757365724e616d65 0503616461 06 766973697473 0202 02c3a9 00"));
    profile.email = Some("a@b".into());
    profile.rest =
        BTreeMap::from([("list".into(), json!([1, {"deep": [null, -1.5]}])), ("x".into(), json!("y"))]);
    round(&profile);
    let read = convert::<Profile>(&json!({"userName": "", "e": null, "email": null})).unwrap();
    assert_eq!(read, Profile::default());
    assert_eq!(convert::<Profile>(&json!({"é": null})), Err(ValueError::MissingField("userName")));
    assert_eq!(convert::<Profile>(&json!([""])), Err(mismatch(Kind::Map, Kind::Array)));
}

#[test]
fn struct_errors_name_fields_of_the_type_only() {
    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        id: u8,
    }

    assert_eq!(convert::<Strict>(&json!({"id": 1, "secret": 2})), Err(ValueError::UnknownField));
    assert_eq!(convert::<Strict>(&json!({})), Err(ValueError::MissingField("id")));
    assert_eq!(read::<Strict>(&hex!("08 02 026964 0202 026964 0202")), Err(ValueError::DuplicateField("id")));
}

#[test]
fn standard_types_are_text_where_they_can_be() {
    assert_eq!(round(&"127.0.0.1".parse::<IpAddr>().unwrap()), b"\x05\x09127.0.0.1");
    round(&"[::1]:80".parse::<SocketAddr>().unwrap());
    round(&Duration::new(3, 5));
    round(&Ok::<u8, String>(3));
    round(&(1..5));
    round(&core::num::Wrapping(3));
    assert_eq!(convert::<IpAddr>("nowhere"), Err(ValueError::Refused));
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
fn json_trees_round() {
    let tree = json!({
        "null": null, "bool": true, "small": -3, "large": u64::MAX, "float": 1.5, "text": "ä",
        "list": [1, [2, {"three": []}]], "": {}
    });
    round(&tree);
    // JSON has no bytes, so this tree cannot take them.
    assert!(matches!(convert::<serde_json::Value>(&ByteBuf(vec![1])), Err(ValueError::Mismatch { .. })));
}

#[test]
fn errors_tell_what_to_do_and_no_values() {
    #[derive(Debug)]
    struct Told;

    impl<'de> Deserialize<'de> for Told {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let secret = String::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format!("{secret} is wrong")))
        }
    }

    let told = convert::<Told>("hunter2").unwrap_err();
    assert_eq!(told, ValueError::Refused);
    for failure in [
        told,
        convert::<u8>("hunter2").unwrap_err(),
        convert::<u8>(&300).unwrap_err(),
        write("hunter2", &mut Vec::new(), 2).unwrap_err(),
        ValueError::UnknownField,
        ValueError::MissingField("name"),
        ValueError::WrongLength { found: 3 },
        ValueError::Mismatch { expected: None, found: None },
        ValueError::TooDeep,
        ValueError::Corrupt,
    ] {
        let (shown, debugged) = (failure.to_string(), format!("{failure:?}"));
        assert!(
            shown.contains(": ") && !shown.contains("hunter2") && !debugged.contains("hunter2"),
            "{shown}"
        );
    }
    assert_eq!(
        convert::<u8>("x").unwrap_err().to_string(),
        "the session value is not of the type asked for; expected: integer; found: string: read it as the type it was written with"
    );
}
