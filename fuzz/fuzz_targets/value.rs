//! Session values: whatever the bytes, reading returns, and what reads is written again as it was.
//!
//!     cargo +nightly fuzz run value
#![no_main]

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use fastsession_core::value::{self, ValueError};
use libfuzzer_sys::fuzz_target;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

fuzz_target!(|bytes: &[u8]| {
    typed(bytes);
    let length = match value::skip(bytes) {
        Ok(length) => length,
        Err(_) => {
            assert!(value::validate(bytes).is_err());
            assert!(value::read::<IgnoredAny>(bytes).is_err());
            assert!(value::read::<Tree<'_>>(bytes).is_err());
            return;
        }
    };
    assert!(0 < length && length <= bytes.len());
    let one = &bytes[..length];
    assert!(value::kind(one).is_ok());
    assert!(value::read::<IgnoredAny>(one).is_ok());
    assert_eq!(value::skip(&one[..length - 1]), Err(ValueError::Corrupt));
    if length < bytes.len() {
        assert_eq!(value::validate(bytes), Err(ValueError::Corrupt));
        assert!(value::read::<Tree<'_>>(bytes).is_err());
    }
    match value::read::<Tree<'_>>(one) {
        Ok(tree) => {
            assert_eq!(value::validate(one), Ok(()));
            assert_eq!(written(&tree), one);
            limited(&tree, length);
        }
        Err(refused) => assert_eq!(value::validate(one), Err(refused)),
    }
});

/// What types make of the bytes, where they read them, survives being written and read again.
fn typed(bytes: &[u8]) {
    again::<serde_json::Value>(bytes);
    again::<Profile>(bytes);
    again::<Shape>(bytes);
    again::<Tagged>(bytes);
    again::<Untagged>(bytes);
    again::<Vec<(Option<u8>, i64, char)>>(bytes);
    again::<BTreeMap<u64, BTreeMap<bool, i8>>>(bytes);
    again::<(IpAddr, Duration, [u8; 3], u128, ())>(bytes);
}

fn again<T: Serialize + for<'de> Deserialize<'de> + PartialEq + fmt::Debug>(bytes: &[u8]) {
    if let Ok(value) = value::read::<T>(bytes) {
        assert_eq!(value::skip(bytes), Ok(bytes.len()));
        let written = written(&value);
        assert_eq!(value::validate(&written), Ok(()));
        assert_eq!(value::read::<T>(&written).as_ref(), Ok(&value));
    }
}

fn written(value: &impl Serialize) -> Vec<u8> {
    let mut buffer = Vec::new();
    value::write(value, &mut buffer, usize::MAX).unwrap();
    buffer
}

/// Writing up to a limit that is too small by one byte, or by half, leaves the buffer as it was.
fn limited(tree: &Tree<'_>, length: usize) {
    for limit in [length - 1, length / 2] {
        let mut buffer = vec![1, 2];
        let failure = value::write(tree, &mut buffer, limit + 2);
        assert!(matches!(failure, Err(ValueError::Full { .. })));
        assert_eq!(buffer, [1, 2]);
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Profile {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age: Option<u16>,
    #[serde(default)]
    list: Vec<Shape>,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    A,
    B(bool),
    C(i8, String),
    D { x: u32, next: Option<Box<Shape>> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "t")]
enum Tagged {
    A,
    B { x: i64, tags: Vec<Tagged> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    List(Vec<Untagged>),
    Map(BTreeMap<String, Untagged>),
}

/// Any value as it is written.
enum Tree<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    Array(Vec<Tree<'a>>),
    Map(Vec<(&'a str, Tree<'a>)>),
}

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::UInt(number) => serializer.serialize_u64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Array(values) => {
                let mut array = serializer.serialize_seq(None)?;
                values.iter().try_for_each(|value| array.serialize_element(value))?;
                array.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tree<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyKind)
    }
}

struct AnyKind;

impl<'de> Visitor<'de> for AnyKind {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Tree::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Tree::UInt(number), Tree::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Tree::Float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Tree::Str(text))
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Tree::Bytes(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element()? {
            values.push(value);
        }
        Ok(Tree::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}
