//! Tests of the value encoding as a whole.
#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

#[cfg(feature = "alloc")]
mod containers;
#[cfg(feature = "alloc")]
mod enums;
#[cfg(feature = "alloc")]
mod errors;
mod fixed;
#[cfg(feature = "alloc")]
mod hostile;
#[cfg(feature = "alloc")]
mod lenient;
#[cfg(feature = "alloc")]
mod model;
#[cfg(feature = "alloc")]
mod scalars;

#[cfg(feature = "alloc")]
use {
    super::{Kind, ValueError, read, skip, validate, write},
    serde::{Deserialize, Serialize, de::DeserializeOwned},
    std::vec::Vec,
};

/// The bytes of a value, checked to be one value.
#[cfg(feature = "alloc")]
#[track_caller]
fn bytes_of<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(value, &mut bytes, usize::MAX).unwrap();
    assert_eq!(skip(&bytes), Ok(bytes.len()));
    assert_eq!(validate(&bytes), Ok(()));
    bytes
}

/// What is read from what is written.
#[cfg(feature = "alloc")]
#[track_caller]
fn convert<T: DeserializeOwned>(value: &(impl Serialize + ?Sized)) -> Result<T, ValueError> {
    read(&bytes_of(value))
}

/// Checks that a value reads as it was written, and that no shorter or longer input reads.
#[cfg(feature = "alloc")]
#[track_caller]
fn round<T>(value: &T) -> Vec<u8>
where
    T: Serialize + for<'de> Deserialize<'de> + PartialEq + core::fmt::Debug,
{
    let bytes = bytes_of(value);
    assert_eq!(read::<T>(&bytes).as_ref(), Ok(value));
    for length in 0..bytes.len() {
        assert_eq!(skip(&bytes[..length]), Err(ValueError::Corrupt));
        assert!(read::<T>(&bytes[..length]).is_err());
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(read::<T>(&longer), Err(ValueError::Corrupt));
    assert_eq!(skip(&longer), Ok(bytes.len()));
    bytes
}

#[cfg(feature = "alloc")]
const fn mismatch(expected: Kind, found: Kind) -> ValueError {
    ValueError::Mismatch { expected: Some(expected), found: Some(found) }
}
