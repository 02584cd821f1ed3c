//! The session of the page's examples, as the core writes it.

use std::convert::Infallible;
use std::time::Duration;

use fastsession_core::manager::{Builder, Manager, Placement};
use fastsession_core::rand_core::{TryCryptoRng, TryRng};
use fastsession_core::session::Session;
use fastsession_core::store::Operation;
use fastsession_core::time::UnixTime;
use fastsession_core::token::KeyRing;

pub(crate) const KEY_TEXT: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
pub(crate) const NAMESPACE: &str = "session";
pub(crate) const AT: u64 = 1_700_000_000;
pub(crate) const NOW: UnixTime = UnixTime::from_secs(AT);
pub(crate) const LABEL: &str = "Firefox on Linux";

/// "Randomness" for examples: bytes counted upwards.
#[derive(Default)]
pub(crate) struct Counting(pub(crate) u8);

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}

pub(crate) fn manager(settings: impl FnOnce(Builder) -> Builder) -> Manager {
    settings(Manager::builder(KeyRing::parse(KEY_TEXT).unwrap())).build().unwrap()
}

/// The session that a request with this cookie and this record has.
pub(crate) fn resume(manager: &Manager, cookie: &str, record: &[u8], now: u64) -> Session<Vec<u8>> {
    let now = UnixTime::from_secs(now);
    let header = format!("__Host-session={cookie}");
    manager.resume(manager.open([header.as_bytes()], now), record.to_vec(), now)
}

/// What was written of the example.
pub(crate) struct Written {
    pub(crate) store_key: String,
    pub(crate) record: Vec<u8>,
    pub(crate) expires_at: u64,
    pub(crate) owner_key: String,
    pub(crate) entry: Vec<u8>,
    pub(crate) entry_until: u64,
    /// `Set-Cookie` headers.
    pub(crate) cookies: Vec<String>,
    pub(crate) csrf_token: String,
}

/// Stores the example, with a copy in a cookie.
pub(crate) fn written() -> Written {
    let manager = manager(|builder| builder.placement(Placement::Both { lag: Duration::from_mins(1) }));
    let mut session = manager.resume(manager.open([], NOW), Vec::new(), NOW);
    session.sign_in("ada").unwrap();
    session.set_label(LABEL).unwrap();
    session.insert("visits", &1).unwrap();
    session.insert_until("cart", &["tea"], UnixTime::from_secs(AT + 3_600)).unwrap();
    session.flash("notice", "Hello").unwrap();
    // The secret and the mask.
    let csrf_token = session.csrf_token(&mut Counting(0x20)).unwrap().as_str().to_owned();
    let mut commit = manager.commit(session, NOW, &mut Counting::default()).unwrap();
    let Some(Operation::Put { key, record, expires_at, filing: Some(filing), .. }) = commit.operation()
    else {
        unreachable!()
    };
    let (store_key, record, expires_at) = (key.to_string(), record.to_vec(), expires_at.as_secs());
    let (owner_key, entry, entry_until) =
        (filing.owner.to_string(), filing.entry.to_vec(), filing.until.as_secs());
    commit.applied();
    let finished = manager.finish(commit).unwrap();
    let cookies =
        manager.cookies(&finished).map(|cookie| String::from_utf8(cookie.to_bytes()).unwrap()).collect();
    Written { store_key, record, expires_at, owner_key, entry, entry_until, cookies, csrf_token }
}
