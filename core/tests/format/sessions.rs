//! The chapters about keys, cookies, records, lists and CSRF tokens: written by the core, and by the second
//! implementation in the same bytes.

use fastsession_core::store::StoreKey;
use fastsession_core::time::UnixTime;
use fastsession_core::token::{DEFAULT_ITERATIONS, Key, KeyRing};

use crate::example::{AT, Counting, KEY_TEXT, LABEL, NAMESPACE, NOW, Written, manager, resume, written};
use crate::page::{chapter, check_lines, hex, text};
use crate::second::{self, base64url};

fn counted<const N: usize>(from: u8) -> [u8; N] {
    core::array::from_fn(|at| from + u8::try_from(at).unwrap())
}

fn id() -> String {
    base64url(&counted::<32>(0))
}

/// The example's key.
pub(crate) fn key() -> [u8; 32] {
    const HEX: &str = "730ff4c7af3d46923e8ed451ee813c87f790b0a226bc96a92de49b5e9c05e1ee";
    core::array::from_fn(|at| u8::from_str_radix(&HEX[2 * at..2 * at + 2], 16).unwrap())
}

fn record_root() -> [u8; 32] {
    second::subkey(&key(), "fastsession record 1", NAMESPACE, b"")
}

pub(crate) fn record_key() -> [u8; 32] {
    second::sha256(&[&[0, 0, 0, 1], &record_root(), b"fastsession keys of record 1", id().as_bytes()])
}

fn listing_key(store_key: &str) -> [u8; 32] {
    second::subkey(&key(), "fastsession listing 1", NAMESPACE, store_key.as_bytes())
}

fn store_key() -> String {
    solid(&second::sha256(&[NAMESPACE.as_bytes(), &[0], id().as_bytes()]))
}

/// Hexadecimal without spaces.
fn solid(bytes: &[u8]) -> String {
    hex(bytes).replace(' ', "")
}

/// A block of hexadecimal, 32 bytes a line.
fn block(bytes: &[u8]) -> Vec<String> {
    fenced(bytes.chunks(32).map(solid))
}

fn fenced(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    ["```text".to_owned()].into_iter().chain(lines).chain(["```".to_owned()]).collect()
}

/// Bytes with their meaning: up to 16 bytes a line.
fn explained(fields: &[(Vec<u8>, &str)]) -> Vec<String> {
    fenced(fields.iter().flat_map(|(bytes, meaning)| {
        let mut lines: Vec<String> = bytes.chunks(16).map(hex).collect();
        lines[0] = format!("{:<49}{meaning}", lines[0]);
        lines
    }))
}

fn content(fields: &[(Vec<u8>, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(bytes, _)| bytes.clone()).collect()
}

fn rows(rows: &[[String; 2]]) -> Vec<String> {
    let rows = rows.iter().map(|[what, bytes]| format!("| {what} | `{bytes}` |"));
    ["| what | bytes |".to_owned(), "| --- | --- |".to_owned()].into_iter().chain(rows).collect()
}

fn value_of(set_cookie: &str) -> &str {
    set_cookie.split_once('=').unwrap().1.split(';').next().unwrap()
}

/// The record's content, byte by byte.
pub(crate) fn record() -> Vec<(Vec<u8>, &'static str)> {
    let time = second::varint(AT);
    vec![
        (vec![1], "kind: a record"),
        (vec![1], "version 1"),
        (vec![1], "revision 1"),
        (time.clone(), "created: 1700000000"),
        (time.clone(), "last seen: 1700000000"),
        ([vec![1], time].concat(), "authenticated at: 1700000000"),
        (vec![0], "no idle timeout of its own"),
        (vec![0], "no absolute timeout of its own"),
        ([&[1][..], &counted::<32>(0x20)].concat(), "CSRF secret of its own"),
        ([vec![1], second::text("ada")].concat(), "owner: \"ada\""),
        (second::text(LABEL), "label: \"Firefox on Linux\""),
        (vec![3], "3 entries"),
        (second::text("visits"), "key: \"visits\""),
        (vec![0], "  stays as long as the session"),
        (vec![2, 2], "  Int: 1"),
        (second::text("cart"), "key: \"cart\""),
        ([vec![1], second::varint(AT + 3_600)].concat(), "  until 1700003600"),
        ([vec![7, 1, 5], second::text("tea")].concat(), "  Array of 1 value: Str: \"tea\""),
        (second::text("notice"), "key: \"notice\""),
        (vec![2], "  until it is read"),
        ([vec![5], second::text("Hello")].concat(), "  Str: \"Hello\""),
    ]
}

#[test]
fn keys() {
    let salt = counted::<16>(0);
    let passphrases = [100, DEFAULT_ITERATIONS].map(|iterations| {
        let key = Key::derive_with_iterations(b"correct horse", &salt, iterations).unwrap();
        format!("| `correct horse` | `{}` | {iterations} | `{}` |", solid(&salt), key.to_text().as_str())
    });
    let head =
        ["| passphrase | salt | iterations | key as text |".to_owned(), "| --- | --- | --- | --- |".into()];
    check_lines("Keys", &[head, passphrases].concat());
    assert!(chapter("Keys").contains(&format!("with {DEFAULT_ITERATIONS} iterations")));

    assert_eq!(Key::from_bytes(&key()), Key::parse(KEY_TEXT));
    let owner_key = second::subkey(&key(), "fastsession owner 1", NAMESPACE, b"ada");
    let derived = [
        [format!("key `{KEY_TEXT}`"), solid(&key())],
        ["PRK".into(), solid(&second::prk(&key()))],
        ["record root".into(), solid(&record_root())],
        [format!("record key of the id `{}`", id()), solid(&record_key())],
        ["listing key of its store key".into(), solid(&listing_key(&store_key()))],
        ["owner key of `ada`".into(), solid(&owner_key)],
    ];
    check_lines("Keys", &rows(&derived));
    // These keys open what the core wrote: see below.
    assert_eq!(*manager(|builder| builder).owner_keys("ada").next().unwrap().to_hex(), solid(&owner_key));
}

#[test]
fn the_id_cookie() {
    let Written { cookies, .. } = written();
    let token = second::seal(&key(), AT, counted(0x40), id().as_bytes());
    let cookie = value_of(&cookies[1]).to_owned();
    assert_eq!(cookie.trim_end_matches('='), base64url(&token));
    assert!(cookie.len().is_multiple_of(4));
    let mut lines = vec![format!("id      {}", id()), format!("cookie  {cookie}"), "bytes".to_owned()];
    lines.extend(token.chunks(32).map(solid));
    check_lines("The id cookie", &fenced(lines));
    assert_eq!(
        cookies[1].split_once(';').unwrap().1,
        " Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax"
    );
    // Numbers in the text.
    let longest = second::seal(&key(), AT, [0; 16], &[b'~'; 128]).len().div_ceil(3) * 4;
    let text = chapter("The id cookie");
    for fact in [
        format!("more than {longest} characters"),
        format!("up to {} bytes of all", fastsession_core::cookie::MAX_HEADER_BYTES),
        format!("({} seconds) old", fastsession_core::session::MAX_LIFETIME.as_secs()),
    ] {
        assert!(text.contains(&fact), "{fact}");
    }
}

#[test]
fn names_in_the_store() {
    let Written { store_key: written, expires_at, .. } = written();
    assert_eq!(written, store_key());
    assert_eq!(expires_at, AT + 3_600 + 60);
    let ended = solid(&second::sha256(&[NAMESPACE.as_bytes(), b"\0ended\0", id().as_bytes()]));
    check_lines(
        "Names in the store",
        &fenced([format!("store key  {written}"), format!("end mark   {ended}")]),
    );
    let manager = manager(|builder| {
        let lag = std::time::Duration::from_secs(1);
        builder.placement(fastsession_core::manager::Placement::Both { lag })
    });
    let cookie = base64url(&second::seal(&key(), AT, [0; 16], id().as_bytes()));
    let header = format!("__Host-session={cookie}");
    let pending = manager.open([header.as_bytes()], NOW);
    assert_eq!(pending.key(), StoreKey::from_hex(&written).as_ref());
    assert_eq!(pending.ended_key(), StoreKey::from_hex(&ended).as_ref());
}

#[test]
fn the_record() {
    let Written { record: sealed, .. } = written();
    let fields = record();
    assert_eq!(second::open(&record_key(), &sealed), (AT, counted(0x30), content(&fields)));
    assert_eq!(second::seal(&record_key(), AT, counted(0x30), &content(&fields)), sealed);
    check_lines("The record", &explained(&fields));
    check_lines("The record", &block(&sealed));
    let session = resume(&manager(|builder| builder), value_of(&written().cookies[1]), &sealed, AT + 1);
    assert_eq!(session.owner(), Some("ada"));
    assert_eq!(session.keys().collect::<Vec<_>>(), ["visits", "cart"]);
    assert_eq!(session.flash_keys().collect::<Vec<_>>(), ["notice"]);
}

#[test]
fn the_data_cookie() {
    let Written { record, cookies, .. } = written();
    assert!(cookies[0].starts_with("__Host-session-data="));
    let value = value_of(&cookies[0]);
    assert_eq!(value, base64url(&record));
    assert!(cookies[0].contains("; Max-Age=120;"));
    // Too long for a line, as cookies are.
    let characters = value.len();
    let start: String = value.chars().take(40).collect();
    let end: String = value.chars().skip(characters - 20).collect();
    assert!(
        chapter("The data cookie").contains(&format!("`{start}…{end}`, {characters} characters")),
        "`{start}…{end}`, {characters} characters"
    );
}

#[test]
fn owners_lists() {
    let Written { store_key, owner_key, entry, entry_until, .. } = written();
    assert_eq!(owner_key, solid(&second::subkey(&key(), "fastsession owner 1", NAMESPACE, b"ada")));
    assert_eq!(entry_until, AT + 14 * 86_400 + 60);
    let time = second::varint(AT);
    let fields = [
        (vec![2], "kind: a listing entry"),
        (vec![1], "version 1"),
        (time.clone(), "created: 1700000000"),
        (time, "last seen: 1700000000"),
        (second::text(LABEL), "label: \"Firefox on Linux\""),
    ];
    let key = listing_key(&store_key);
    assert_eq!(second::seal(&key, AT, counted(0x20), &content(&fields)), entry);
    check_lines("Owners' lists", &explained(&fields));
    check_lines("Owners' lists", &block(&entry));
    // What a reader refuses.
    let manager = manager(|builder| builder);
    let store_key = StoreKey::from_hex(&store_key).unwrap();
    let opens = |content: &[u8]| manager.open_listing(&store_key, &second::seal(&key, AT, [0; 16], content));
    let content = content(&fields);
    assert_eq!(opens(&content).unwrap().label, LABEL);
    for (at, other) in [(0, 1), (1, 2)] {
        let mut changed = content.clone();
        changed[at] = other;
        assert_eq!(opens(&changed), None);
    }
    assert_eq!(opens(&content[..content.len() - 1]), None);
    assert_eq!(opens(&[&content[..], &[0]].concat()), None);
    // Each varint by itself, longer than it need be.
    let (time, label) = (second::varint(AT), second::text(LABEL));
    let longer = |varint: &[u8]| {
        let (last, start) = varint.split_last().unwrap();
        [start, &[last | 0x80, 0]].concat()
    };
    for at in 0..3 {
        let mut fields = [vec![2, 1], time.clone(), time.clone(), label.clone()];
        fields[at + 1] =
            if at < 2 { longer(&time) } else { [&longer(&label[..1])[..], LABEL.as_bytes()].concat() };
        assert_eq!(opens(&fields.concat()), None, "field {at}");
    }
    assert_eq!(manager.open_listing(&store_key, &second::seal(&record_key(), AT, [0; 16], &content)), None);
}

#[test]
fn csrf_tokens() {
    let Written { csrf_token, record, cookies, .. } = written();
    let (mask, secret) = (counted::<32>(0x40), counted::<32>(0x20));
    let masked: [u8; 32] = core::array::from_fn(|at| mask[at] ^ secret[at]);
    assert_eq!(csrf_token, base64url(&[mask, masked].concat()));
    assert!(csrf_token.len() == 86 && chapter("CSRF tokens").contains("86\ncharacters"));
    let lines = [
        format!("mask    {}", solid(&mask)),
        format!("secret  {}", solid(&secret)),
        format!("masked  {}", solid(&masked)),
        format!("token   {csrf_token}"),
    ];
    check_lines("CSRF tokens", &fenced(lines));
    let session = resume(&manager(|builder| builder), value_of(&cookies[1]), &record, AT);
    assert!(session.verify_csrf(csrf_token.as_bytes()));
    assert!(!session.verify_csrf(base64url(&[mask, mask].concat()).as_bytes()));
    // The same session without a secret of its own.
    let fields = self::record()
        .into_iter()
        .map(|(bytes, what)| (if what.starts_with("CSRF") { vec![0] } else { bytes }, what));
    let record = second::seal(&record_key(), AT, [0; 16], &content(&fields.collect::<Vec<_>>()));
    let session = resume(&manager(|builder| builder), value_of(&cookies[1]), &record, AT);
    let secret = second::hmac(id().as_bytes(), &[b"fastsession csrf 1"]);
    check_lines("CSRF tokens", &fenced([solid(&secret)]));
    let masked: [u8; 32] = core::array::from_fn(|at| mask[at] ^ secret[at]);
    assert!(session.verify_csrf(base64url(&[mask, masked].concat()).as_bytes()));
    assert!(!session.verify_csrf(csrf_token.as_bytes()));
}

#[test]
fn the_page_names_the_limits() {
    use fastsession_core::manager::MAX_NAMESPACE_LENGTH;
    use fastsession_core::session::{MAX_KEY_LENGTH, MAX_LABEL_LENGTH, MAX_OWNER_LENGTH};
    let page = text();
    for fact in [
        format!("UTF-8, 1 to {MAX_NAMESPACE_LENGTH} bytes, without 00"),
        format!("| 1 to {MAX_KEY_LENGTH} bytes |"),
        format!("who is signed in: 1 to {MAX_OWNER_LENGTH} bytes"),
        format!("up to {MAX_LABEL_LENGTH} bytes |"),
        format!(
            "of {} to {} visible ASCII",
            fastsession_core::id::MIN_LENGTH,
            fastsession_core::id::MAX_LENGTH
        ),
    ] {
        assert!(page.contains(&fact), "{fact}");
    }
}

#[test]
fn every_key_of_the_ring_opens() {
    let Written { record, cookies, .. } = written();
    let newer = Key::generate(&mut Counting::default()).to_text();
    let ring = KeyRing::parse(&format!("{} {KEY_TEXT}", newer.as_str())).unwrap();
    let manager = fastsession_core::manager::Manager::builder(ring).build().unwrap();
    let session = resume(&manager, value_of(&cookies[1]), &record, AT);
    assert_eq!(session.owner(), Some("ada"));
    // It is then written anew, with a cookie.
    let commit = manager.commit(session, UnixTime::from_secs(AT), &mut Counting::default()).unwrap();
    assert!(commit.operation().is_some() && commit.is_optional());
}
