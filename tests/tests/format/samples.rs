//! Random sessions.

use std::time::Duration;

use fastsession_core::session::{Session, SessionError};
use fastsession_core::time::UnixTime;
use fastsession_core::token::Key;
use fastsession_core::value;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng as _, RngExt as _, SeedableRng as _, TryRng as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// Random numbers from the seed in `FASTSESSION_TEST_SEED`, or else from a new one. A failing test shows it.
pub(crate) fn rng() -> StdRng {
    let seed = std::env::var("FASTSESSION_TEST_SEED").map_or_else(
        |_| SysRng.try_next_u64().unwrap(),
        |seed| seed.parse().expect("FASTSESSION_TEST_SEED is a number"),
    );
    eprintln!("FASTSESSION_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// A value of any kind.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    Array(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::UInt(number) => serializer.serialize_u64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Array(values) => serializer.collect_seq(values),
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}

/// Anything is read: what it was is compared as bytes.
impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self::Null)
    }
}

/// Up to eight characters, or at times up to `longest`.
fn text(rng: &mut StdRng, longest: usize) -> String {
    const SYMBOLS: [char; 8] = ['a', 'B', '0', ' ', '"', 'é', '→', '🦀'];
    let longest = if rng.random_ratio(1, 8) { longest } else { longest.min(8) };
    (0..rng.random_range(0..=longest)).map(|_| SYMBOLS[rng.random_range(0..SYMBOLS.len())]).collect()
}

fn tree(rng: &mut StdRng, depth: usize) -> Tree {
    let kinds = if depth < 4 { 9 } else { 7 };
    match rng.random_range(0..kinds) {
        0 => Tree::Null,
        1 => Tree::Bool(rng.random()),
        2 => Tree::Int((rng.next_u64() >> rng.random_range(0..64)).cast_signed().wrapping_neg()),
        3 => Tree::UInt(rng.next_u64() >> rng.random_range(0..64)),
        // No NaN: Python may write another one than it read.
        4 => {
            Tree::Float(Some(f64::from_bits(rng.next_u64())).filter(|float| !float.is_nan()).unwrap_or(-0.0))
        }
        5 => Tree::Str(text(rng, 200)),
        6 => Tree::Bytes((0..rng.random_range(0..9)).map(|_| rng.next_u32().to_le_bytes()[0]).collect()),
        7 => Tree::Array((0..rng.random_range(0..4)).map(|_| tree(rng, depth + 1)).collect()),
        _ => Tree::Map((0..rng.random_range(0..4)).map(|_| (text(rng, 5), tree(rng, depth + 1))).collect()),
    }
}

/// One entry: when it ends, or that it is a flash value.
struct Entry {
    key: String,
    end: Option<u64>,
    flash: bool,
    value: Tree,
}

/// A session to be made, and its application.
pub(crate) struct Sample {
    pub(crate) keys: Vec<String>,
    pub(crate) namespace: String,
    pub(crate) owner: Option<String>,
    label: String,
    idle: Option<u64>,
    absolute: Option<u64>,
    entries: Vec<Entry>,
}

impl Sample {
    pub(crate) fn new(rng: &mut StdRng) -> Self {
        let entries = (0..rng.random_range(0..7)).map(|index| Entry {
            key: format!("{}{index}", text(rng, 60)),
            end: rng.random_ratio(1, 4).then(|| super::NOW + rng.random_range(1..5_000)),
            flash: false,
            value: tree(rng, 0),
        });
        let mut entries: Vec<Entry> = entries.collect();
        for entry in &mut entries {
            entry.flash = entry.end.is_none() && rng.random_ratio(1, 4);
        }
        let own = |rng: &mut StdRng| rng.random_ratio(1, 3).then(|| rng.random_range(1..=400 * 86_400));
        Self {
            keys: (0..rng.random_range(1..4))
                .map(|_| Key::generate(rng).to_text().as_str().to_owned())
                .collect(),
            namespace: format!("n{}", text(rng, 30)),
            owner: rng.random_ratio(1, 2).then(|| format!("o{}", text(rng, 60))),
            label: text(rng, 30),
            idle: own(rng),
            absolute: own(rng),
            entries,
        }
    }

    pub(crate) fn fill(&self, session: &mut Session<Vec<u8>>) {
        if let Some(owner) = &self.owner {
            session.sign_in(owner).unwrap();
        }
        session.set_label(&self.label).unwrap();
        session
            .set_lifetime(self.idle.map(Duration::from_secs), self.absolute.map(Duration::from_secs))
            .unwrap();
        for Entry { key, end, flash, value } in &self.entries {
            let inserted = match end {
                Some(end) => session.insert_until(key, value, UnixTime::from_secs(*end)),
                None if *flash => session.flash(key, value),
                None => session.insert(key, value),
            };
            // Now and then there is more than a cookie holds.
            assert!(matches!(inserted, Ok(()) | Err(SessionError::TooLarge(_))), "{inserted:?}");
        }
    }

    /// The request to write the session at `now`.
    pub(crate) fn request(&self, rng: &mut StdRng, now: u64) -> Value {
        let mut random = [[0; 32]; 5];
        rng.fill_bytes(random.as_flattened_mut());
        let [secret, mask, ivs @ ..] = random;
        let secret = rng.random::<bool>().then(|| hex::encode(secret));
        let id = text(rng, 20).bytes().filter(u8::is_ascii_graphic).map(char::from).collect::<String>();
        let entries: Vec<Value> = self
            .entries
            .iter()
            .map(|Entry { key, end, flash, value }| {
                let mut bytes = Vec::new();
                value::write(value, &mut bytes, usize::MAX).unwrap();
                json!({ "key": key, "end": end, "flash": flash, "value": hex::encode(bytes) })
            })
            .collect();
        json!({
            "operation": "write", "keys": self.keys, "namespace": self.namespace, "now": now,
            "id": format!("{id}0123456789012345678901"),
            "ivs": ivs.map(|iv| hex::encode(&iv[..16])), "mask": hex::encode(mask),
            "session": {
                "revision": rng.next_u64() >> rng.random_range(0..64), "created": now, "last_seen": now,
                "authenticated_at": self.owner.as_ref().map(|_| now - 5), "csrf_secret": secret,
                "idle_timeout": self.idle, "absolute_timeout": self.absolute, "owner": self.owner,
                "label": self.label, "entries": entries,
            },
        })
    }
}
