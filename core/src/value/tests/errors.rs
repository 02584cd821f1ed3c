//! What errors say, and what they must not.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use serde::Deserialize;

use super::convert;
use crate::value::{ValueError, write};

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
