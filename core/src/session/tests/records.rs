//! A session's content survives being sealed, and whatever is found under the seal is a session or is refused.

use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use crate::primitives::Secret;
use crate::record::entries::{Life, MAX_KEY_LENGTH};
use crate::record::header::Header;
use crate::session::{Data, How, MAX_LABEL_LENGTH, MAX_OWNER_LENGTH, Refusal};
use crate::time::UnixTime;
use crate::token::{PREFIX, RecordKey, sealed_len};
use crate::value;

const LIMIT: usize = 16 * 1024;

type Bytes = heapless::Vec<u8, { 2 * LIMIT }>;

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
struct Content {
    owner: Option<String>,
    label: String,
    entries: Vec<(String, Life, Vec<u8>)>,
}

/// For failing tests only: headers hold a secret.
impl core::fmt::Debug for Header {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:02x?}", self.encode(&mut Secret::zero()).unwrap())
    }
}

fn key() -> RecordKey {
    RecordKey::new(crate::token::testing::key(5).as_bytes())
}

fn text(most: usize) -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z]{0,9}", 1 => ".{0,400}"].prop_map(move |mut text: String| {
        while text.len() > most {
            text.pop();
        }
        text
    })
}

fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        Just(Life::Session),
        any::<u64>().prop_map(|end| Life::Until(UnixTime::from_secs(end))),
        Just(Life::Flash)
    ]
}

fn encoded() -> impl Strategy<Value = Vec<u8>> {
    let tree = prop_oneof![
        any::<Option<bool>>().prop_map(|value| encode(&value)),
        any::<(i64, u64)>().prop_map(|value| encode(&value)),
        any::<f64>().prop_map(|value| encode(&value)),
        text(400).prop_map(|value| encode(&value)),
        proptest::collection::btree_map(text(20), any::<u8>(), 0..5).prop_map(|value| encode(&value)),
    ];
    tree.boxed()
}

fn encode(value: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = heapless::Vec::<u8, 4_096>::new();
    value::write(value, &mut bytes, 4_096).unwrap();
    bytes.to_vec()
}

fn content() -> impl Strategy<Value = Content> {
    let owner = text(MAX_OWNER_LENGTH).prop_map(|owner| Some(owner).filter(|owner| !owner.is_empty()));
    let entry = (text(MAX_KEY_LENGTH).prop_filter("a key is not empty", |key| !key.is_empty()), life());
    (owner, text(MAX_LABEL_LENGTH), proptest::collection::vec((entry, encoded()), 0..12)).prop_map(
        |(owner, label, entries)| {
            // The last one under a key counts; flash entries have keys of their own.
            let mut unique = BTreeMap::new();
            for ((key, life), value) in entries {
                unique.insert((key, life.is_flash()), (life, value));
            }
            let entries = unique.into_iter().map(|((key, _), (life, value))| (key, life, value)).collect();
            Content { owner, label, entries }
        },
    )
}

fn header() -> impl Strategy<Value = Header> {
    let time = || any::<u64>().prop_map(UnixTime::from_secs);
    let own = proptest::option::of(any::<u64>());
    (
        any::<u64>(),
        time(),
        time(),
        proptest::option::of(time()),
        own.clone(),
        own,
        proptest::option::of(any::<[u8; 32]>()),
    )
        .prop_map(
            |(
                revision,
                created,
                last_seen,
                authenticated_at,
                idle_timeout,
                absolute_timeout,
                csrf_secret,
            )| {
                let mut header = Header::new(created);
                header.revision = revision;
                header.last_seen = last_seen;
                header.authenticated_at = authenticated_at;
                header.idle_timeout = idle_timeout;
                header.absolute_timeout = absolute_timeout;
                header.csrf_secret = csrf_secret.map(Secret::new);
                header
            },
        )
}

/// The content's bytes, as `docs/format.md` has them.
fn plaintext(header: &Header, content: &Content) -> Vec<u8> {
    let mut bytes = header.encode(&mut Secret::zero()).unwrap().to_vec();
    bytes.extend(varint_prefixed(content.owner.as_deref(), true));
    bytes.extend(varint_prefixed(Some(&content.label), false));
    bytes.extend(varint(content.entries.len()));
    for (key, life, value) in &content.entries {
        bytes.extend(varint_prefixed(Some(key), false));
        match life {
            Life::Session => bytes.push(0),
            Life::Until(end) => {
                bytes.push(1);
                bytes.extend(postcard_bytes(end));
            }
            Life::Flash => bytes.push(2),
        }
        bytes.extend(value);
    }
    bytes
}

fn varint_prefixed(text: Option<&str>, optional: bool) -> Vec<u8> {
    if optional { postcard_bytes(&text) } else { postcard_bytes(&text.unwrap()) }
}

fn varint(number: usize) -> Vec<u8> {
    postcard_bytes(&number)
}

fn postcard_bytes(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_slice(value, &mut [0; 1_024]).unwrap().to_vec()
}

fn sealed(plain: &[u8]) -> Bytes {
    let mut token = Bytes::new();
    token.resize(sealed_len(plain.len()), 0).unwrap();
    token[PREFIX..][..plain.len()].copy_from_slice(plain);
    key().seal_in_place(&mut token, plain.len(), UnixTime::from_secs(7), [9; 16]).unwrap();
    token
}

fn written(content: &Content) -> Data<Bytes> {
    let mut data = Data::new(Bytes::new(), LIMIT);
    if let Some(owner) = &content.owner {
        data.set_owner(owner).unwrap();
    }
    data.set_label(&content.label).unwrap();
    for (key, life, value) in &content.entries {
        data.insert(key, *life, How::Set, |buffer, _| {
            buffer.extend_from_slice(value).unwrap();
            Ok(())
        })
        .unwrap();
    }
    data
}

fn read(data: &Data<Bytes>) -> Content {
    let entries = data.entries().map(|entry| {
        let entry = entry.unwrap();
        (entry.key().to_string(), entry.life, entry.value.to_vec())
    });
    Content {
        owner: data.owner().map(ToString::to_string),
        label: data.label().to_string(),
        entries: entries.collect(),
    }
}

/// Uses everything of a session that opened, and shows that it can be stored and read again.
fn opened(data: &mut Data<Bytes>) -> Result<Header, Refusal> {
    let mut header = Header::default();
    data.open(&key(), &mut header).map(|()| header)
}

fn exercise(data: &mut Data<Bytes>, header: &Header) -> Result<(), TestCaseError> {
    let before = read(data);
    prop_assert_eq!(data.count(), before.entries.len());
    for (key, life, value) in &before.entries {
        prop_assert!(data.find(key, life.is_flash()).unwrap().is_some());
        let _ = value::read::<serde_json::Value>(value);
    }
    let mut again = Data::new(sealed(&plaintext(header, &before)), LIMIT);
    prop_assert!(opened(&mut again).unwrap() == *header);
    prop_assert_eq!(read(&again), before.clone());
    data.set_label("label").unwrap();
    data.insert("key", Life::Session, How::Set, |buffer, _| {
        buffer.push(0).unwrap();
        Ok(())
    })
    .unwrap();
    for (key, life, _) in &before.entries {
        prop_assert!(data.remove(key, life.is_flash()).unwrap());
    }
    data.forget_changes();
    data.seal(header, &key(), UnixTime::from_secs(1), [1; 16]).unwrap();
    prop_assert!(opened(data).unwrap() == *header);
    prop_assert_eq!(data.label(), "label");
    Ok(())
}

proptest! {
    #[test]
    fn what_is_sealed_is_read_again(header in header(), content in content()) {
        let mut data = written(&content);
        prop_assert_eq!(read(&data), content.clone());
        data.forget_changes();
        data.seal(&header, &key(), UnixTime::from_secs(7), [9; 16]).unwrap();
        // The bytes are those that the format says, in whatever order they were written.
        prop_assert!(data.token() == sealed(&plaintext(&header, &content)).as_slice());
        let token = Bytes::from_slice(data.token()).unwrap();
        let mut data = Data::new(token, LIMIT);
        prop_assert!(opened(&mut data).unwrap() == header);
        prop_assert_eq!(read(&data), content);
        exercise(&mut data, &header)?;
    }

    #[test]
    fn any_bytes_are_a_session_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut data = Data::new(sealed(&bytes), LIMIT);
        match opened(&mut data) {
            Ok(header) => exercise(&mut data, &header)?,
            Err(refusal) => prop_assert_eq!(refusal, Refusal::Content),
        }
    }

    #[test]
    fn changed_records_are_a_session_or_refused(
        header in header(), content in content(), at in any::<prop::sample::Index>(), to in any::<u8>(),
        cut in any::<prop::sample::Index>(), more in proptest::collection::vec(0_u8..3, 0..4),
    ) {
        let plain = plaintext(&header, &content);
        let mut changed = plain.clone();
        changed[at.index(plain.len())] = to;
        for bytes in [changed, plain[..cut.index(plain.len())].to_vec(), [plain.clone(), more.clone()].concat()] {
            let is_same = bytes == plain;
            let mut data = Data::new(sealed(&bytes), LIMIT);
            match opened(&mut data) {
                Ok(header) => exercise(&mut data, &header)?,
                Err(refusal) => prop_assert!(refusal == Refusal::Content && !is_same),
            }
        }
        // Neither less than a whole record opens, nor more.
        for bytes in [&plain[..plain.len() - 1], &[plain.as_slice(), &[0]].concat()] {
            prop_assert!(opened(&mut Data::new(sealed(bytes), LIMIT)) .is_err());
        }
    }
}

#[test]
fn an_owner_or_a_label_that_no_writer_takes_is_refused() {
    let opens = |owner: Option<usize>, label: usize| {
        let content = Content {
            owner: owner.map(|length| "o".repeat(length)),
            label: "l".repeat(label),
            entries: [].into(),
        };
        let plain = plaintext(&Header::new(UnixTime::from_secs(1)), &content);
        opened(&mut Data::new(sealed(&plain), LIMIT)).is_ok()
    };
    for (owner, label) in [(None, 0), (None, 128), (Some(1), 128), (Some(255), 0)] {
        assert!(opens(owner, label), "{owner:?}, {label}");
    }
    for (owner, label) in [(None, 129), (Some(0), 0), (Some(256), 0), (Some(300), 200)] {
        assert!(!opens(owner, label), "{owner:?}, {label}");
    }
}

#[test]
fn entries_must_be_as_many_as_counted_and_have_legal_keys() {
    let mut room = Secret::zero();
    let header = Header::new(UnixTime::from_secs(3)).encode(&mut room).unwrap();
    let long = [&[0x80, 2][..], &[b'k'; 256], &[0, 0]].concat();
    let cases: [(&[u8], usize, bool); 8] = [
        (b"\0", 0, true),
        (b"\x01\x01k\0\0", 1, true),
        (b"\x02\x01k\0\0", 1, false),
        (b"\0\x01k\0\0", 1, false),
        (b"\x01\x01k\x03\0", 1, false),
        (b"\x01\x01\xff\0\0", 1, false),
        (b"\x01\0\0\0", 1, false),
        (&[&[1], long.as_slice()].concat(), 1, false),
    ];
    for (entries, count, is_legal) in cases {
        let mut data = Data::new(sealed(&[header, &b"\0\0"[..], entries].concat()), LIMIT);
        assert_eq!(opened(&mut data).is_ok(), is_legal, "{entries:?}");
        assert!(!is_legal || data.count() == count);
    }
}
