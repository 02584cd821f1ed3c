//! Every representation of enums.

use std::collections::BTreeMap;
use std::string::String;
use std::vec;
use std::vec::Vec;

use hex_literal::hex;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{convert, round};
use crate::value::{Kind, ValueError, read};

macro_rules! shapes {
    ($(#[$attribute:meta])* $name:ident { $($tuple:tt)* }) => {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        $(#[$attribute])*
        enum $name {
            Unit,
            Newtype(BTreeMap<String, i64>),
            Struct { x: i8, list: Vec<Option<f32>>, inner: Option<Inner> },
            $($tuple)*
        }

        impl $name {
            fn shared() -> [Self; 3] {
                [
                    Self::Unit,
                    Self::Newtype(BTreeMap::from([("a".into(), -1), ("b".into(), i64::MAX)])),
                    Self::Struct { x: -1, list: vec![Some(1.5), None], inner: Some(Inner::B { y: 3 }) },
                ]
            }
        }
    };
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Inner {
    A,
    B { y: u64 },
}

shapes!(External { Tuple(u8, String), List(Vec<u8>), Empty() });
shapes!(
    #[serde(tag = "t")]
    Internal {}
);
shapes!(#[serde(tag = "t", content = "c")] Adjacent { Tuple(u8, String) });
shapes!(#[serde(untagged)] Untagged { Tuple(u8, String), Text(String) });

#[test]
fn externally_tagged() {
    for shape in External::shared() {
        round(&shape);
    }
    assert_eq!(round(&External::Unit), hex!("05 04 556e6974"));
    assert_eq!(round(&External::Tuple(1, "a".into())), hex!("08 01 05 5475706c65 07 02 0202 050161"));
    round(&External::Empty());
    round(&External::List(vec![1, 2]));
    round(&vec![Inner::A, Inner::B { y: 1 }, Inner::A]);
    round(&Some(Inner::A));
}

#[test]
fn internally_adjacently_and_not_tagged() {
    for shape in Internal::shared() {
        round(&shape);
    }
    for shape in Adjacent::shared() {
        round(&shape);
    }
    round(&Adjacent::Tuple(1, "a".into()));
    for shape in Untagged::shared() {
        round(&shape);
    }
    round(&Untagged::Tuple(1, "a".into()));
    round(&Untagged::Text("text".into()));
    assert_eq!(convert::<Untagged>(&true), Err(ValueError::Refused));
}

#[test]
fn what_json_means_they_mean() {
    for shape in External::shared() {
        assert_eq!(convert::<External>(&serde_json::to_value(&shape).unwrap()), Ok(shape));
    }
    for shape in Internal::shared() {
        assert_eq!(convert::<Internal>(&serde_json::to_value(&shape).unwrap()), Ok(shape));
    }
}

#[test]
fn unit_variants_are_also_read_from_a_map() {
    assert_eq!(convert::<Inner>(&json!({"A": null})), Ok(Inner::A));
    assert_eq!(convert::<Vec<Inner>>(&json!([{"A": null}, "A"])), Ok(vec![Inner::A, Inner::A]));
    let refused = convert::<Inner>(&json!({"A": 1}));
    assert_eq!(refused, Err(ValueError::Mismatch { expected: Some(Kind::Null), found: Some(Kind::Int) }));
}

#[test]
fn wrong_shapes_are_refused() {
    assert_eq!(convert::<Inner>("C"), Err(ValueError::UnknownVariant));
    assert_eq!(convert::<Inner>(&json!({"C": 1})), Err(ValueError::UnknownVariant));
    assert_eq!(convert::<Inner>(&json!({})), Err(ValueError::WrongLength { found: 0 }));
    assert_eq!(convert::<Inner>(&json!({"A": null, "B": null})), Err(ValueError::WrongLength { found: 2 }));
    assert!(matches!(convert::<Inner>("B"), Err(ValueError::Mismatch { .. })));
    // A variant is named, not numbered: an index would change its meaning with the order of the variants.
    assert!(matches!(convert::<Inner>(&0), Err(ValueError::Mismatch { .. })));
    assert!(matches!(read::<Inner>(&hex!("08 01 0141")), Err(ValueError::Corrupt)));
}
