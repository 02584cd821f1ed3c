//! What a reader refuses, at the end of the chapter "The record".

use fastsession_core::session::Reason;

use crate::example::{AT, manager, resume, written};
use crate::second::{self, text, varint};
use crate::sessions::{record, record_key};

const HOUR: u64 = 3_600;

/// The record's fields.
fn fields() -> Vec<Vec<u8>> {
    record().into_iter().map(|(bytes, _)| bytes).collect()
}

/// Why there is no session in this content, or `None` if there is.
fn reason(content: &[u8], now: u64) -> Option<Reason> {
    let cookie = written().cookies[1].split_once('=').unwrap().1.split(';').next().unwrap().to_owned();
    let sealed = second::seal(&record_key(), AT, [0; 16], content);
    resume(&manager(|builder| builder), &cookie, &sealed, now).reason()
}

/// The content with one field replaced.
fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut fields = fields();
    fields[at] = bytes.to_vec();
    fields.concat()
}

#[test]
fn content_of_another_form() {
    let whole = fields().concat();
    assert_eq!(reason(&whole, AT), None);
    for length in 0..whole.len() {
        assert_eq!(reason(&whole[..length], AT), Some(Reason::Unreadable), "{length} bytes");
    }
    let cases: &[(&str, Vec<u8>)] = &[
        ("something behind the end", [&whole[..], &[0]].concat()),
        ("another entry behind the end", [&whole[..], &text("more"), &[0, 0]].concat()),
        ("another kind", with(0, &[2])),
        ("another version", with(1, &[2])),
        ("a varint of 65 bits", with(2, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2])),
        ("a varint that is longer than it need be", with(2, &[0x81, 0])),
        ("a time that is longer than it need be", with(5, &[1, 0x81, 0])),
        ("a count that is longer than it need be", with(11, &[0x83, 0])),
        ("an optional that is neither", with(6, &[2])),
        ("a secret that is neither there nor absent", with(8, &[2])),
        ("an owner that is neither", with(9, &[2])),
        ("an owner that is no text", with(9, &[1, 1, 0xff])),
        ("a label that is no text", with(10, &[1, 0xff])),
        ("too few entries", with(11, &[4])),
        ("too many entries", with(11, &[2])),
        ("an empty key", with(12, &[0])),
        ("a key of 256 bytes", with(12, &text(&"k".repeat(256)))),
        ("a key that is no text", with(12, &[1, 0xff])),
        ("a life that is none", with(13, &[3])),
        ("an owner of no bytes", with(9, &[1, 0])),
        ("an owner of 256 bytes", with(9, &[&[1], &text(&"o".repeat(256))[..]].concat())),
        ("a label of 129 bytes", with(10, &text(&"l".repeat(129)))),
        ("a value of no kind", with(14, &[9])),
        ("a value in another form", with(14, &[2, 0x80, 0])),
        ("a value that is too deep", with(14, &[[7, 1].repeat(33), vec![0]].concat())),
    ];
    for (what, content) in cases {
        assert_eq!(reason(content, AT), Some(Reason::Unreadable), "{what}");
    }
    for (what, content) in [
        ("no secret of its own", with(8, &[0])),
        ("no owner", with(9, &[0])),
        ("no label", with(10, &[0])),
        ("an owner of 255 bytes", with(9, &[&[1], &text(&"o".repeat(255))[..]].concat())),
        ("a label of 128 bytes", with(10, &text(&"l".repeat(128)))),
        ("a revision of 0", with(2, &[0])),
        ("a timeout of more than 400 days", with(6, &[&[1], &varint(401 * 24 * HOUR)[..]].concat())),
        ("a key that is there twice", with(12, &text("cart"))),
        ("a key of 255 bytes", with(12, &text(&"k".repeat(255)))),
        ("a value that is just not too deep", with(14, &[[7, 1].repeat(32), vec![0]].concat())),
    ] {
        assert_eq!(reason(&content, AT), None, "{what}");
    }
    // In a value it shows when it is read.
    let content = with(14, &[5, 1, 0xff]);
    assert_eq!(reason(&content, AT), None);
}

#[test]
fn times() {
    let optional = |seconds: u64| [vec![1], varint(seconds)].concat();
    let whole = fields().concat();
    // The idle timeout of the application, then the record's own, then its absolute timeout.
    assert_eq!(reason(&whole, AT + HOUR - 1), None);
    assert_eq!(reason(&whole, AT + HOUR), Some(Reason::Expired));
    assert_eq!(reason(&with(6, &optional(10)), AT + 9), None);
    assert_eq!(reason(&with(6, &optional(10)), AT + 10), Some(Reason::Expired));
    assert_eq!(reason(&with(7, &optional(10)), AT + 9), None);
    assert_eq!(reason(&with(7, &optional(10)), AT + 10), Some(Reason::Expired));
    // Sums do not wrap.
    assert_eq!(reason(&with(6, &optional(u64::MAX)), AT + 2 * HOUR), None);
    for at in [3, 4] {
        assert_eq!(reason(&with(at, &varint(AT + 60)), AT), None);
        assert_eq!(reason(&with(at, &varint(AT + 61)), AT), Some(Reason::ClockAhead));
    }
}
