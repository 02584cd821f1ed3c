//! Cookie headers of any bytes: nothing panics, what is found is what a plain reading finds, and only the cookie that was
//! sealed here opens.
//!
//!     cargo +nightly fuzz run cookie_header

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use fastsession_core::cookie;
use fastsession_core::manager::{Manager, Placement, Sources};
use fastsession_core::session::Reason;
use fastsession_core::store::StoreKey;
use fastsession_fuzz::{NOW, manager};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

static MANAGERS: LazyLock<[Manager; 3]> = LazyLock::new(|| {
    let lag = Duration::from_mins(1);
    [Placement::Store, Placement::Cookie, Placement::Both { lag }]
        .map(|placement| manager(|builder| builder.placement(placement)))
});
static COOKIE: LazyLock<String> = LazyLock::new(fastsession_fuzz::cookie);
static KEY: LazyLock<StoreKey> = LazyLock::new(|| {
    *MANAGERS[0].open([format!("id={}", *COOKIE).as_bytes()], NOW).key().expect("the cookie opens")
});

/// A piece of a header.
#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Bytes(&'a [u8]),
    Id,
    Data,
    /// The cookie's value as it was sealed.
    Token,
    /// As many of its characters, and this one.
    Changed(u8, u8),
    Long(u8),
    Header,
}

fuzz_target!(|pieces: Vec<Piece<'_>>| {
    let mut headers = vec![Vec::new()];
    for piece in pieces {
        let header = headers.last_mut().unwrap();
        match piece {
            Piece::Bytes(bytes) => header.extend_from_slice(bytes),
            Piece::Id => header.extend_from_slice(b"; id="),
            Piece::Data => header.extend_from_slice(b"; id-data="),
            Piece::Token => header.extend_from_slice(COOKIE.as_bytes()),
            Piece::Changed(length, last) => {
                header.extend(COOKIE.bytes().take(length.into()));
                header.push(last);
            }
            Piece::Long(times) => header.extend(std::iter::repeat_n(b'x', usize::from(times) * 100)),
            Piece::Header => headers.push(Vec::new()),
        }
    }
    let slices = || headers.iter().map(Vec::as_slice);
    let total: usize = headers.iter().map(Vec::len).sum();
    let found: Vec<&[u8]> = cookie::values(slices(), "id").collect();
    if total <= cookie::MAX_HEADER_BYTES {
        assert_eq!(found, plainly(&headers));
    }
    for manager in MANAGERS.iter() {
        let pending = manager.open(slices(), NOW);
        match (pending.key(), pending.reason()) {
            (Some(key), None) => {
                assert_eq!(*key, *KEY);
                // With padding or without.
                assert!(found.iter().take(4).any(|value| is_cookie(value)));
            }
            (None, Some(Reason::NoCookie)) => assert!(found.is_empty()),
            (None, Some(Reason::BadCookie)) => assert!(!found.iter().take(4).any(|value| is_cookie(value))),
            other => panic!("{other:?}"),
        }
        assert_eq!(pending.ended_key().is_some(), pending.key().is_some() && has_mark(manager));
        let sources = Sources { record: Vec::new(), copy: Vec::new(), has_ended: false };
        let session = manager.resume_placed(pending, manager.data_cookies(slices()), sources, NOW);
        assert!(session.reason().is_some());
    }
});

fn is_cookie(value: &[u8]) -> bool {
    value == COOKIE.as_bytes() || value == COOKIE.trim_end_matches('=').as_bytes()
}

fn has_mark(manager: &Manager) -> bool {
    matches!(manager.placement(), Placement::Both { .. })
}

fn plainly(headers: &[Vec<u8>]) -> Vec<&[u8]> {
    let pairs = headers.iter().flat_map(|header| header.split(|byte| *byte == b';'));
    pairs
        .filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            (trimmed(&pair[..at]) == b"id").then(|| trimmed(&pair[at + 1..]))
        })
        .collect()
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(is_kept).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_kept).map_or(start, |last| last + 1);
    &bytes[start..end]
}
