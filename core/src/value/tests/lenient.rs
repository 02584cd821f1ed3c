//! Types whose own code announces wrong lengths, drops errors or leaves entries unread.

use core::marker::PhantomData;
use std::string::String;
use std::vec;
use std::vec::Vec;

use serde::de::{EnumAccess, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;

use super::{bytes_of, convert};
use crate::value::{ValueError, read, write};

/// A list, and the length that it announces.
struct Announced(usize, Vec<u8>);

impl Serialize for Announced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0))?;
        self.1.iter().try_for_each(|item| seq.serialize_element(item))?;
        seq.end()
    }
}

#[test]
fn a_wrong_length_is_corrected() {
    for announced in [0, 1, 127, 128, 16_384, usize::MAX] {
        for length in [0, 1, 127, 128, 20_000] {
            let items = vec![7; length];
            assert_eq!(bytes_of(&(Announced(announced, items.clone()), 1)), bytes_of(&(items, 1)));
        }
    }
}

#[test]
fn a_correction_respects_the_limit() {
    let items = vec![7; 128];
    let needed = bytes_of(&items).len();
    let mut buffer = Vec::new();
    let failure = write(&Announced(0, items.clone()), &mut buffer, needed - 1);
    assert_eq!(failure, Err(ValueError::Full { at_least: needed, limit: needed - 1 }));
    assert!(buffer.is_empty());
    write(&Announced(0, items), &mut buffer, needed).unwrap();
}

/// Fails after having written a part.
struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        seq.serialize_element("part")?;
        Err(S::Error::custom("failed"))
    }
}

/// Fails after having formatted a part.
struct Unshowable;

impl core::fmt::Display for Unshowable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("part").and(Err(core::fmt::Error))
    }
}

impl Serialize for Unshowable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Leaves out what fails.
struct Tolerant;

impl Serialize for Tolerant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("a", &1)?;
        assert!(map.serialize_entry("b", &Fails).is_err());
        assert!(map.serialize_entry(&[1], &1).is_err());
        assert!(map.serialize_entry(&Unshowable, &1).is_err());
        assert!(map.serialize_entry("d", &Unshowable).is_err());
        map.serialize_entry("c", &3)?;
        map.end()
    }
}

#[test]
fn a_failed_entry_is_taken_back() {
    assert_eq!(bytes_of(&Tolerant), bytes_of(&json!({"a": 1, "c": 3})));
    let mut buffer = vec![9];
    assert_eq!(write(&[Fails], &mut buffer, usize::MAX), Err(ValueError::Refused));
    assert_eq!(buffer, [9]);
}

#[test]
fn keys_and_values_must_alternate() {
    struct Script(&'static [bool]);

    impl Serialize for Script {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for is_key in self.0 {
                if *is_key { map.serialize_key("k") } else { map.serialize_value(&1) }?;
            }
            map.end()
        }
    }

    for script in [&[true][..], &[false], &[true, true], &[true, false, false]] {
        let failure = write(&Script(script), &mut Vec::new(), 99);
        assert!(matches!(failure, Err(ValueError::Unsupported(_))));
    }
}

/// `None` for what does not read, as applications write it for old data.
#[derive(Debug, PartialEq)]
struct OrNone<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrNone<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(deserializer).ok()))
    }
}

/// Does not look at its value.
#[derive(Debug, PartialEq)]
struct Blind;

impl<'de> Deserialize<'de> for Blind {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[test]
fn what_was_not_read_is_skipped() {
    type New = (OrNone<String>, OrNone<Vec<Vec<u8>>>, OrNone<Vec<u8>>, String);

    let old = json!([1, [[2, "x"], 3], {"a": {"b": [1]}}, "end"]);
    assert_eq!(convert::<New>(&old), Ok((OrNone(None), OrNone(None), OrNone(None), "end".into())));
    assert_eq!(convert::<(Blind, Blind, Blind, String)>(&old), Ok((Blind, Blind, Blind, "end".into())));
    assert_eq!(convert::<Blind>(&old), Ok(Blind));
    assert_eq!(convert::<(u8, IgnoredAny, IgnoredAny, String)>(&old).map(|read| read.3), Ok("end".into()));
    // What cannot be skipped is an error, whatever the type makes of it.
    assert_eq!(read::<OrNone<u8>>(&[7, 2, 0]), Err(ValueError::Corrupt));
    assert_eq!(read::<Vec<OrNone<u8>>>(&[7, 2, 0, 9]), Err(ValueError::Corrupt));
    assert_eq!(read::<Vec<Blind>>(&[7, 2, 0, 9]), Err(ValueError::Corrupt));
}

/// Reads a variant's name and not its payload.
#[derive(Debug, PartialEq)]
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Enum;

        impl<'de> Visitor<'de> for Enum {
            type Value = Name;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an enum")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Name, A::Error> {
                access.variant().map(|(name, _)| Name(name))
            }
        }

        deserializer.deserialize_enum("", &[], Enum)
    }
}

#[test]
fn an_enums_payload_may_stay_unread() {
    let names = convert::<(Name, Name, u8)>(&json!([{"A": [1, {"b": 2}]}, "B", 5]));
    assert_eq!(names, Ok((Name("A".into()), Name("B".into()), 5)));
    assert_eq!(read::<Name>(&[8, 1, 1, b'A', 9]), Err(ValueError::Corrupt));
}

/// Takes elements that read, passes over the others, and takes at most `N`.
#[derive(Debug, PartialEq)]
struct Readable<const N: usize>(Vec<u8>);

impl<'de, const N: usize> Deserialize<'de> for Readable<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<const N: usize>;

        impl<'de, const N: usize> Visitor<'de> for Items<N> {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Vec<u8>, A::Error> {
                let mut items = Vec::new();
                while items.len() < N {
                    match access.next_element() {
                        Ok(Some(item)) => items.push(item),
                        Ok(None) => break,
                        Err(_) => {}
                    }
                }
                Ok(items)
            }
        }

        deserializer.deserialize_seq(Items::<N>).map(Self)
    }
}

#[test]
fn a_type_can_pass_over_elements_that_fail() {
    assert_eq!(
        convert::<(Readable<9>, u8)>(&json!([[1, "x", [2], 300, 4], 5])),
        Ok((Readable(vec![1, 4]), 5))
    );
    // It ends, and is an error, where an element has no end.
    assert_eq!(read::<Readable<9>>(&[7, 3, 0, 9, 0]), Err(ValueError::Corrupt));
}

/// Counts the entries that do not read, of which none does.
struct Failures(usize);

impl<'de> Deserialize<'de> for Failures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;

        impl<'de> Visitor<'de> for Count {
            type Value = usize;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an array or map")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<usize, A::Error> {
                let failures = core::iter::from_fn(|| access.next_element::<char>().err()).count();
                assert!(failures <= 1, "an element without an end is tried once");
                Ok(failures)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<usize, A::Error> {
                let failures = core::iter::from_fn(|| access.next_entry::<String, char>().err()).count();
                assert!(failures <= 1, "an entry without an end is tried once");
                Ok(failures)
            }
        }

        deserializer.deserialize_any(Count).map(Self)
    }
}

#[test]
fn what_has_no_end_is_tried_once() {
    for bytes in [&[7, 3, 9, 0, 0][..], &[8, 2, 0, 9, 0, 0], &[8, 2, 1, 0xff, 0, 0, 0]] {
        assert_eq!(read::<Failures>(bytes).map(|failures| failures.0), Err(ValueError::Corrupt));
    }
}

#[test]
fn a_type_must_read_all_elements() {
    assert_eq!(convert::<Readable<2>>(&[1, 2, 3]), Err(ValueError::WrongLength { found: 3 }));
    assert_eq!(convert::<Readable<3>>(&[1, 2, 3]), Ok(Readable(vec![1, 2, 3])));
}

#[test]
fn a_type_may_leave_a_maps_values_unread() {
    struct Keys(Vec<String>);

    impl<'de> Deserialize<'de> for Keys {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Names;

            impl<'de> Visitor<'de> for Names {
                type Value = Vec<String>;

                fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                    f.write_str("a map")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Vec<String>, A::Error> {
                    let mut names = Vec::new();
                    while let Some(name) = access.next_key()? {
                        names.push(name);
                    }
                    assert!(access.next_value_seed(PhantomData::<u8>).is_err() || names.len() == 2);
                    Ok(names)
                }
            }

            deserializer.deserialize_map(Names).map(Self)
        }
    }

    assert_eq!(convert::<Keys>(&json!({"a": [1], "b": {"c": 2}})).unwrap().0, ["a", "b"]);
    assert_eq!(convert::<Keys>(&json!({})).unwrap().0, [""; 0]);
}
