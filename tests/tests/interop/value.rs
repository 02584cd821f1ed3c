//! Values of all kinds.

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The greatest integer that a JavaScript number holds exactly, with all smaller ones.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    Array(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Value {
    pub(crate) fn random(random: &mut StdRng, depth: u32) -> Self {
        let kinds = if depth == 0 { 10 } else { 12 };
        match random.random_range(0..kinds) {
            0 => Self::Null,
            1 => Self::Bool(random.random()),
            2 => Self::Int(i64::from(random.random::<i16>())),
            3 => Self::Int(random.random()),
            4 => Self::Int(
                [i64::MIN, i64::MAX, -(1 << 53), 1 << 53, (1 << 53) - 1, 0][random.random_range(0..6)],
            ),
            5 => Self::UInt(random.random_range(1 << 63..=u64::MAX)),
            6 => Self::Float(f64::from_bits(random.random())),
            7 => Self::Float([-0.0, 1.5, 3.0, 1e300, f64::INFINITY, f64::NAN][random.random_range(0..6)]),
            8 => Self::Str((0..random.random_range(0..80)).map(|_| letter(random)).collect()),
            9 => Self::Bytes((0..random.random_range(0..300)).map(|_| random.random()).collect()),
            10 => {
                Self::Array((0..random.random_range(0..5)).map(|_| Self::random(random, depth - 1)).collect())
            }
            _ => {
                let entry = |at: u32, random: &mut StdRng| {
                    // Letters before digits: JavaScript sorts keys that look like indices.
                    (format!("k{at}{}", letter(random)), Self::random(random, depth - 1))
                };
                Self::Map((0..random.random_range(0..5)).map(|at| entry(at, random)).collect())
            }
        }
    }

    /// The same after JavaScript, which does not tell 3.0 from 3.
    pub(crate) fn in_javascript(self) -> Self {
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "checked to be exact")]
            Self::Float(number)
                if number.fract() == 0.0
                    && number.abs() <= MAX_SAFE
                    && !(number == 0.0 && number.is_sign_negative()) =>
            {
                Self::Int(number as i64)
            }
            Self::Array(values) => Self::Array(values.into_iter().map(Self::in_javascript).collect()),
            Self::Map(entries) => {
                Self::Map(entries.into_iter().map(|(key, value)| (key, value.in_javascript())).collect())
            }
            other => other,
        }
    }
}

fn letter(random: &mut StdRng) -> char {
    ['a', 'Z', '0', ' ', '"', '\0', 'é', '€', '😀'][random.random_range(0..9)]
}

/// Floats are equal if their bits are, but for NaN, of which JavaScript has one.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::UInt(one), Self::UInt(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => {
                one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
            }
            (Self::Str(one), Self::Str(other)) => one == other,
            (Self::Bytes(one), Self::Bytes(other)) => one == other,
            (Self::Array(one), Self::Array(other)) => one == other,
            (Self::Map(one), Self::Map(other)) => one == other,
            _ => false,
        }
    }
}

impl Serialize for Value {
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
                let mut array = serializer.serialize_seq(Some(values.len()))?;
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

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::UInt(number), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Str(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = array.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}
