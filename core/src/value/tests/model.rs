//! The encoding against `postcard`'s own, for random trees.

use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::{Kind, ValueError, kind, read, skip, validate, write};

/// The enum that the format is defined by; postcard writes what `serde` derives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Model {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    Array(Vec<Model>),
    Map(Vec<(String, Model)>),
}

/// The same as a type that this encoding writes and reads.
struct Tree<M>(M);

impl Serialize for Tree<&Model> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Model::Null => serializer.serialize_unit(),
            Model::Bool(value) => serializer.serialize_bool(*value),
            Model::Int(number) => serializer.serialize_i64(*number),
            Model::UInt(number) => serializer.serialize_u64(*number),
            Model::Float(number) => serializer.serialize_f64(*number),
            Model::Str(text) => serializer.serialize_str(text),
            Model::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Model::Array(values) => {
                let mut array = serializer.serialize_seq(None)?;
                values.iter().try_for_each(|value| array.serialize_element(&Tree(value)))?;
                array.end()
            }
            Model::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, &Tree(value)))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree<Model> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Model;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<Model, E> {
                Ok(Model::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Model, E> {
                Ok(Model::Bool(value))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Model, E> {
                Ok(Model::Int(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Model, E> {
                Ok(i64::try_from(number).map_or(Model::UInt(number), Model::Int))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Model, E> {
                Ok(Model::Float(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Model, E> {
                Ok(Model::Str(text.into()))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Model, E> {
                Ok(Model::Bytes(bytes.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Model, A::Error> {
                let mut values = Vec::new();
                while let Some(Tree(value)) = access.next_element()? {
                    values.push(value);
                }
                Ok(Model::Array(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Model, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, Tree(value))) = access.next_entry()? {
                    entries.push((key, value));
                }
                Ok(Model::Map(entries))
            }
        }

        deserializer.deserialize_any(Any).map(Tree)
    }
}

fn int() -> impl Strategy<Value = i64> {
    // Every length of a variable-length integer is as likely.
    (any::<i64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
}

pub(super) fn model() -> impl Strategy<Value = Model> {
    let leaf = prop_oneof![
        Just(Model::Null),
        any::<bool>().prop_map(Model::Bool),
        int().prop_map(Model::Int),
        (i64::MAX.unsigned_abs() + 1..).prop_map(Model::UInt),
        any::<u64>().prop_map(|bits| Model::Float(f64::from_bits(bits))),
        ".{0,12}".prop_map(Model::Str),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Model::Bytes),
    ];
    leaf.prop_recursive(6, 400, 150, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..150).prop_map(Model::Array),
            prop::collection::vec((".{0,12}", inner), 0..20).prop_map(Model::Map),
        ]
    })
}

pub(super) fn encode(model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&Tree(model), &mut bytes, usize::MAX).unwrap();
    bytes
}

/// Reads any value and writes it again.
pub(super) fn recode(bytes: &[u8]) -> Result<Vec<u8>, ValueError> {
    Ok(encode(&read::<Tree<Model>>(bytes)?.0))
}

fn kind_of(model: &Model) -> Kind {
    match model {
        Model::Null => Kind::Null,
        Model::Bool(_) => Kind::Bool,
        Model::Int(_) => Kind::Int,
        Model::UInt(_) => Kind::UInt,
        Model::Float(_) => Kind::Float,
        Model::Str(_) => Kind::Str,
        Model::Bytes(_) => Kind::Bytes,
        Model::Array(_) => Kind::Array,
        Model::Map(_) => Kind::Map,
    }
}

proptest! {
    #[test]
    fn it_is_postcards_encoding(model in model()) {
        let mut space = vec_of(1 << 16);
        let expected = postcard::to_slice(&model, &mut space).unwrap();
        let bytes = encode(&model);
        prop_assert_eq!(&bytes[..], &*expected);
        prop_assert_eq!(kind(&bytes), Ok(kind_of(&model)));
        prop_assert_eq!(skip(&bytes), Ok(bytes.len()));
        prop_assert_eq!(validate(&bytes), Ok(()));
        prop_assert_eq!(recode(&bytes), Ok(bytes.clone()));
        let by_postcard: Model = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(encode(&by_postcard), bytes);
    }

    #[test]
    fn a_limit_that_is_too_small_leaves_the_buffer(model in model(), share in any::<prop::sample::Index>()) {
        let bytes = encode(&model);
        let limit = 3 + share.index(bytes.len());
        let mut buffer = std::vec![1, 2, 3];
        let failure = write(&Tree(&model), &mut buffer, limit);
        let is_full = matches!(failure, Err(ValueError::Full { at_least, .. }) if limit < at_least);
        prop_assert!(is_full);
        prop_assert_eq!(&buffer[..], &[1, 2, 3]);
        write(&Tree(&model), &mut buffer, 3 + bytes.len()).unwrap();
        prop_assert_eq!(&buffer[3..], &bytes[..]);
    }
}

fn vec_of(length: usize) -> Vec<u8> {
    std::vec![0; length]
}
