//! Options, units, sequences, maps and structs.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::string::{String, ToString};
use std::time::Duration;
use std::vec;
use std::vec::Vec;

use hex_literal::hex;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{bytes_of, convert, mismatch, round};
use crate::value::{Kind, ValueError, read, write};

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
fn json_trees_round() {
    let tree = json!({
        "null": null, "bool": true, "small": -3, "large": u64::MAX, "float": 1.5, "text": "ä",
        "list": [1, [2, {"three": []}]], "": {}
    });
    round(&tree);
}
