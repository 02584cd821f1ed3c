//! Sessions in a cookie alone, and in a store whose reads are old.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // tests

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastsession::store::{Capabilities, MemoryStore, Put, Store, StoreError};
use fastsession::{Error, EventKind, Key, KeyRing, Reason, Session, SessionManager};
use fastsession_core::store::{Condition, Outcome, StoreKey};

fn keys() -> KeyRing {
    KeyRing::new(Key::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=").unwrap())
}

/// A browser that keeps cookies until they are removed.
#[derive(Clone, Default)]
struct Browser(BTreeMap<String, String>);

impl Browser {
    async fn load(&self, manager: &SessionManager) -> Session {
        let header: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        manager.load([header.join("; ").as_bytes()]).await.unwrap()
    }

    async fn commit(&mut self, session: &Session) -> Vec<String> {
        let cookies = session.commit().await.unwrap();
        for cookie in &cookies {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        cookies
    }
}

#[tokio::test]
async fn a_session_in_a_cookie_needs_no_store() {
    let manager = SessionManager::cookie_builder(keys()).cookie_name("id").build().unwrap();
    let mut browser = Browser::default();
    for visit in 1..=3_u32 {
        let session = browser.load(&manager).await;
        let count = session.update("n", |n: Option<u32>| n.unwrap_or(0).saturating_add(1)).unwrap();
        assert_eq!(count, visit);
        session.save().await.unwrap();
        browser.commit(&session).await;
        assert_eq!(browser.0.keys().collect::<Vec<_>>(), ["id", "id-data"]);
    }
    let session = browser.load(&manager).await;
    session.destroy().unwrap();
    browser.commit(&session).await;
    assert!(browser.0.is_empty());
    assert!(matches!(manager.list("ada").await, Err(Error::Store(_))));
}

type Records = BTreeMap<StoreKey, Vec<u8>>;

/// A store that shows what it held at some time, until it is told otherwise.
#[derive(Clone)]
struct Lagging {
    store: MemoryStore,
    shown: Arc<Mutex<Option<Records>>>,
}

impl Store for Lagging {
    fn engine(&self) -> &'static str {
        "lagging"
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.consistent = false;
        capabilities
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        let shown = self.shown.lock().unwrap().clone();
        match shown {
            Some(shown) => Ok(shown.get(key).cloned()),
            None => Store::get(&self.store, key).await,
        }
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        Store::put(&self.store, put).await
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        Store::delete(&self.store, key, condition).await
    }
}

#[tokio::test]
async fn visitors_see_their_own_writes_and_a_sign_out_is_final() {
    let store = Lagging { store: MemoryStore::new(), shown: Arc::default() };
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let manager = SessionManager::builder(keys(), store.clone())
        .cookie_name("id")
        .lag(Duration::from_mins(1))
        .on_event(move |event| seen.lock().unwrap().push(event.kind))
        .build()
        .unwrap();
    let mut browser = Browser::default();
    // The store shows nothing of what is written.
    *store.shown.lock().unwrap() = Some(BTreeMap::new());
    let session = browser.load(&manager).await;
    session.sign_in("ada").unwrap();
    let cookies = browser.commit(&session).await;
    assert!(cookies[0].starts_with("id-data=") && cookies[0].contains("Max-Age=120;"));
    assert!(cookies[1].starts_with("id=gAAA"));
    let session = browser.load(&manager).await;
    assert_eq!(session.owner().as_deref(), Some("ada"));
    session.insert("n", &1).unwrap();
    browser.commit(&session).await;
    assert_eq!(browser.load(&manager).await.get("n").unwrap(), Some(1));
    assert!(matches!(manager.end_all("ada").await, Err(Error::Store(_))));

    let stolen = browser.clone();
    let late = browser.load(&manager).await;
    late.insert("late", &true).unwrap();
    let session = browser.load(&manager).await;
    session.destroy().unwrap();
    browser.commit(&session).await;
    assert!(browser.0.is_empty());
    late.save().await.unwrap();
    // Once the store shows what it holds, the late write does not count.
    *store.shown.lock().unwrap() = None;
    assert_eq!(stolen.load(&manager).await.reason().unwrap(), Some(Reason::Missing));
    assert!(events.lock().unwrap().contains(&EventKind::StaleRead));
}
