//! Without an allocator: buffers of a fixed capacity.

use serde::{Deserialize, Serialize};

use crate::buffer::Buffer;
use crate::value::writer::Writer;
use crate::value::{Kind, ValueError, kind, read, write};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Visit<'a> {
    page: &'a str,
    #[serde(with = "bytes")]
    hash: &'a [u8],
    count: u32,
    point: (f32, Option<i8>),
}

mod bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'de [u8], D::Error> {
        <&[u8]>::deserialize(deserializer)
    }
}

const VISIT: Visit<'_> = Visit { page: "/söme", hash: &[0, 255, 7], count: 300, point: (0.5, Some(-1)) };

#[test]
fn text_and_bytes_are_borrowed() {
    let mut buffer = heapless::Vec::<u8, 64>::new();
    write(&VISIT, &mut buffer, 64).unwrap();
    let visit: Visit<'_> = read(&buffer).unwrap();
    assert_eq!(visit, VISIT);
    let range = buffer.as_ptr_range();
    assert!(range.contains(&visit.page.as_ptr()) && range.contains(&visit.hash.as_ptr()));
}

#[test]
fn it_is_appended_up_to_the_limit() {
    let mut buffer = heapless::Vec::<u8, 64>::new();
    write(&VISIT, &mut buffer, 64).unwrap();
    let length = buffer.len();
    assert!(matches!(write(&VISIT, &mut buffer, 64), Err(ValueError::Full { limit: 64, .. })));
    assert_eq!(buffer.len(), length);
    write(&true, &mut buffer, length + 2).unwrap();
    assert_eq!(kind(&buffer[length..]), Ok(Kind::Bool));
    assert_eq!(buffer.len(), length + 2);
    assert_eq!(write(&true, &mut buffer, 1), Err(ValueError::Full { at_least: length + 4, limit: 1 }));
}

#[test]
fn every_limit_that_is_too_small_leaves_the_buffer() {
    fn check<B: Buffer + ?Sized>(buffer: &mut B, length: usize) {
        for limit in 0..length {
            assert!(matches!(
                write(&VISIT, buffer, limit),
                Err(ValueError::Full { at_least, limit: reported }) if at_least > limit && reported == limit
            ));
            assert!(buffer.is_empty());
        }
        write(&VISIT, buffer, length).unwrap();
        assert_eq!(buffer.len(), length);
    }
    let mut whole = heapless::Vec::<u8, 64>::new();
    write(&VISIT, &mut whole, 64).unwrap();
    let mut buffer = heapless::Vec::<u8, 64>::new();
    check(&mut buffer, whole.len());
    let mut buffer = heapless::Vec::<u8, 64>::new();
    let view: &mut heapless::VecView<u8> = &mut buffer;
    check(view, whole.len());
}

#[test]
fn a_capacity_is_a_limit() {
    let mut buffer = heapless::Vec::<u8, 4>::new();
    assert_eq!(write("abc", &mut buffer, 64), Err(ValueError::Full { at_least: 5, limit: 4 }));
    assert!(buffer.is_empty());
    write("ab", &mut buffer, 64).unwrap();
}

#[test]
fn what_does_not_fit_is_not_begun() {
    let mut buffer = heapless::Vec::<u8, 4>::new();
    let mut writer = Writer::new(&mut buffer, 100);
    writer.append([1, 2], &[3]).unwrap();
    assert_eq!(writer.append([4], &[5]), Err(ValueError::Full { at_least: 5, limit: 4 }));
    assert_eq!(buffer.as_slice(), [1, 2, 3]);
    assert!(Writer::new(&mut buffer, 3).append([4], &[]).is_err());
    assert_eq!(buffer.as_slice(), [1, 2, 3]);
}
