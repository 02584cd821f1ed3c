//! Saving a session and reading it again, wherever it is kept and whatever the store does.
#![allow(clippy::unwrap_used)] // tests

use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use fastsession::extract::ExistingSession;
use fastsession::store::{Capabilities, ManualClock, MemoryStore, Put, Store, StoreError, StoreErrorKind};
use fastsession::{Error, Key, KeyRing, Reason, Session, SessionError, SessionLayer, SessionManager};
use fastsession_core::store::{Condition, Outcome, StoreKey};
use fastsession_core::time::UnixTime;
use tokio::sync::Notify;
use tower::ServiceExt as _;

fn keys() -> KeyRing {
    KeyRing::new(Key::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=").unwrap())
}

/// A store that fails, keeps a read back, or shows nothing of what was written, when it is told to.
#[derive(Clone, Default)]
struct Moody(Arc<Moods>);

#[derive(Default)]
struct Moods {
    store: MemoryStore,
    fails: AtomicBool,
    /// Reads fail, and writes do not.
    is_unreadable: AtomicBool,
    lags: AtomicBool,
    /// What a read or a write waits for before its answer goes.
    kept_back: Mutex<Option<Arc<Notify>>>,
}

impl Moody {
    fn lagging() -> Self {
        let store = Self::default();
        store.0.lags.store(true, Ordering::SeqCst);
        store
    }

    fn lags(&self) -> bool {
        self.0.lags.load(Ordering::SeqCst)
    }

    fn fail(&self, fails: bool) {
        self.0.fails.store(fails, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.0.fails.load(Ordering::SeqCst) {
            return Err(unavailable());
        }
        Ok(())
    }

    async fn wait(&self) {
        let kept_back = self.0.kept_back.lock().unwrap().clone();
        if let Some(answer) = kept_back {
            answer.notified().await;
        }
    }

    /// Saves the session, and gives that up before the answer, which comes later.
    async fn give_up_a_save(&self, session: &Session) {
        let answer = Arc::new(Notify::new());
        *self.0.kept_back.lock().unwrap() = Some(Arc::clone(&answer));
        let given_up = tokio::time::timeout(Duration::from_millis(1), session.save());
        assert!(given_up.await.is_err());
        *self.0.kept_back.lock().unwrap() = None;
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            answer.notify_one();
        });
    }

    /// Reloads the session, and does something else between the read and its answer.
    async fn reload_beside(&self, session: &Session, meanwhile: impl AsyncFnOnce()) -> Result<(), Error> {
        let answer = Arc::new(Notify::new());
        *self.0.kept_back.lock().unwrap() = Some(Arc::clone(&answer));
        let mut reload = pin!(session.reload());
        assert!(reload.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        *self.0.kept_back.lock().unwrap() = None;
        meanwhile().await;
        answer.notify_one();
        reload.await
    }
}

fn unavailable() -> StoreError {
    StoreError::message(StoreErrorKind::Unavailable, "moody", "answer", "")
}

impl Store for Moody {
    fn engine(&self) -> &'static str {
        "moody"
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.consistent = !self.lags();
        capabilities
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.check()?;
        if self.0.is_unreadable.load(Ordering::SeqCst) {
            return Err(unavailable());
        }
        let record = if self.lags() { None } else { Store::get(&self.0.store, key).await? };
        self.wait().await;
        Ok(record)
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        self.check()?;
        let outcome = Store::put(&self.0.store, put).await;
        self.wait().await;
        self.check()?;
        outcome
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        self.check()?;
        Store::delete(&self.0.store, key, condition).await
    }
}

fn manager(store: &Moody) -> SessionManager {
    SessionManager::builder(keys(), store.clone()).cookie_name("id").build().unwrap()
}

/// The `Cookie` header that a browser sends which got these.
fn header(cookies: &[String]) -> String {
    cookies.iter().map(|cookie| cookie.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

/// A session that holds `n`, before its response and without changes.
async fn stored(manager: &SessionManager) -> (Session, String) {
    let session = manager.load([]).await.unwrap();
    session.insert("n", &1).unwrap();
    let header = header(&session.commit().await.unwrap());
    (manager.load([header.as_bytes()]).await.unwrap(), header)
}

#[tokio::test]
async fn a_reload_that_fails_leaves_the_session_usable() {
    let store = Moody::default();
    let manager = manager(&store);
    for is_sent in [false, true] {
        let (session, header) = stored(&manager).await;
        if is_sent {
            session.commit().await.unwrap();
        }
        store.fail(true);
        assert!(matches!(session.reload().await, Err(Error::Store(_))));
        store.fail(false);
        assert_eq!((session.reason().unwrap(), session.get("n").unwrap()), (None, Some(1)));
        session.reload().await.unwrap();
        session.insert("n", &2).unwrap();
        session.save().await.unwrap();
        assert_eq!(manager.load([header.as_bytes()]).await.unwrap().get("n").unwrap(), Some(2));
    }
}

#[tokio::test]
async fn a_reload_that_is_given_up_leaves_the_session_usable() {
    let store = Moody::default();
    let (session, _) = stored(&manager(&store)).await;
    session.insert("n", &2).unwrap();
    let given_up = store.reload_beside(&session, async || std::future::pending().await);
    assert!(tokio::time::timeout(Duration::ZERO, given_up).await.is_err());
    // Not even the changes are lost that the reload would have dropped.
    assert_eq!(session.get("n").unwrap(), Some(2));
    session.reload().await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(1));
}

#[tokio::test]
async fn a_save_that_fails_after_the_response_can_be_put_right() {
    let store = Moody::default();
    let manager = manager(&store);
    let (session, header) = stored(&manager).await;
    session.commit().await.unwrap();
    session.reload().await.unwrap();
    session.insert("n", &2).unwrap();
    store.fail(true);
    assert!(matches!(session.save().await, Err(Error::Store(_))));
    assert!(matches!(session.reload().await, Err(Error::Store(_))));
    store.fail(false);
    assert!(matches!(session.save().await, Err(Error::Unsaved)));
    session.reload().await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(1));
    session.insert("n", &3).unwrap();
    session.save().await.unwrap();
    assert_eq!(manager.load([header.as_bytes()]).await.unwrap().get("n").unwrap(), Some(3));
}

#[tokio::test]
async fn a_save_that_fails_before_the_response_stays_failed() {
    let store = Moody::default();
    let (session, _) = stored(&manager(&store)).await;
    session.insert("n", &2).unwrap();
    store.fail(true);
    assert!(matches!(session.save().await, Err(Error::Store(_))));
    store.fail(false);
    assert!(matches!(session.reload().await, Err(Error::Unsaved)));
    assert!(matches!(session.commit().await, Err(Error::Unsaved)));
    assert_eq!(session.reason(), Err(SessionError::Committed));
}

#[tokio::test]
async fn what_happens_beside_a_reload_is_not_undone_by_it() {
    let store = Moody::default();
    let manager = manager(&store);
    // A commit of the same session: what was read is from before it.
    let (session, header) = stored(&manager).await;
    let commit = async || {
        session.insert("n", &2).unwrap();
        session.commit().await.unwrap();
    };
    store.reload_beside(&session, commit).await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(2));
    session.insert("n", &3).unwrap();
    session.save().await.unwrap();
    assert_eq!(manager.load([header.as_bytes()]).await.unwrap().get("n").unwrap(), Some(3));
    // The response was sent: a change would need a save.
    let (session, _) = stored(&manager).await;
    store.reload_beside(&session, async || drop(session.commit().await.unwrap())).await.unwrap();
    session.rotate().unwrap();
    assert!(matches!(session.save().await, Err(Error::ResponseSent)));
    // A sign-out.
    let (session, header) = stored(&manager).await;
    let reloaded = store.reload_beside(&session, async || session.destroy().unwrap()).await;
    assert!(matches!(reloaded, Err(Error::Session(SessionError::Destroyed))));
    session.commit().await.unwrap();
    assert_eq!(manager.load([header.as_bytes()]).await.unwrap().reason().unwrap(), Some(Reason::Missing));
}

#[tokio::test]
async fn a_response_waits_for_a_save_that_is_given_up() {
    let store = Moody::default();
    let manager = manager(&store);
    let gives_up = store.clone();
    let handler = async move |session: Session| {
        session.insert("n", &2).unwrap();
        if session.reason().unwrap().is_none() {
            session.sign_in("ann").unwrap();
        }
        gives_up.give_up_a_save(&session).await;
        "saved"
    };
    let site = Router::new().route("/", get(handler)).layer(SessionLayer::new(manager.clone()));
    // A session that begins, and one that gets another id.
    let (_, stored) = stored(&manager).await;
    for cookie in ["", &stored] {
        let request = Request::builder().header("cookie", cookie).body(Body::empty()).unwrap();
        let response = site.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = response.headers().get("set-cookie").unwrap().as_bytes();
        assert_eq!(manager.load([cookie]).await.unwrap().get("n").unwrap(), Some(2));
    }
    assert_eq!(manager.load([stored.as_bytes()]).await.unwrap().reason().unwrap(), Some(Reason::Missing));
}

#[tokio::test]
async fn a_save_that_is_given_up_and_fails_is_not_taken_for_done() {
    let store = Moody::default();
    let manager = manager(&store);
    let gives_up = store.clone();
    let handler = async move |session: Session| {
        session.insert("n", &2).unwrap();
        gives_up.give_up_a_save(&session).await;
        gives_up.fail(true);
    };
    let site = Router::new().route("/", get(handler)).layer(SessionLayer::new(manager));
    let response = site.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!response.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn a_save_that_panics_holds_nobody_up() {
    let builder = SessionManager::builder(keys(), MemoryStore::new()).cookie_name("id");
    let manager =
        builder.on_event(|event| assert!(event.key.is_none(), "a panic, on purpose")).build().unwrap();
    let handler = |session: Session| async move {
        session.insert("n", &1).unwrap();
        assert!(tokio::spawn(async move { session.save().await }).await.is_err());
    };
    let site = Router::new().route("/", get(handler)).layer(SessionLayer::new(manager));
    let response = tokio::time::timeout(Duration::from_secs(10), site.oneshot(Request::new(Body::empty())));
    assert_eq!(response.await.unwrap().unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn saves_and_reloads_wait_for_a_save_that_is_under_way() {
    let store = Moody::default();
    let manager = manager(&store);
    let (session, header) = stored(&manager).await;
    for n in 2..4 {
        session.insert("n", &n).unwrap();
        store.give_up_a_save(&session).await;
        assert!(matches!(session.insert("n", &0), Err(SessionError::Committed)), "while it is under way");
        session.save().await.unwrap();
        session.insert("n", &-n).unwrap();
        store.give_up_a_save(&session).await;
        session.reload().await.unwrap();
        assert_eq!(session.get("n").unwrap(), Some(-n));
        // The second time, the response was sent.
        session.commit().await.unwrap();
        session.reload().await.unwrap();
    }
    assert_eq!(manager.load([header.as_bytes()]).await.unwrap().get("n").unwrap(), Some(-3));
}

#[tokio::test]
async fn a_sign_out_that_could_not_be_saved_is_not_undone_by_a_reload() {
    let store = Moody::default();
    let manager = manager(&store);
    let (session, _) = stored(&manager).await;
    session.commit().await.unwrap();
    session.reload().await.unwrap();
    session.destroy().unwrap();
    store.fail(true);
    assert!(matches!(session.save().await, Err(Error::Store(_))));
    store.fail(false);
    assert!(matches!(session.reload().await, Err(Error::Session(SessionError::Destroyed))));
}

#[tokio::test]
async fn a_session_that_cannot_be_looked_at_lets_nobody_in() {
    let store = Moody::default();
    let manager = manager(&store);
    let before = from_fn(|session: Session, request: Request<Body>, next: Next| async move {
        session.insert("n", &1).unwrap();
        assert!(session.save().await.is_err());
        next.run(request).await
    });
    let has_entered = Arc::new(AtomicBool::new(false));
    let entered = Arc::clone(&has_entered);
    let route = get(move |_: ExistingSession| async move { entered.store(true, Ordering::SeqCst) });
    let site = Router::new().route("/", route.layer(before)).layer(SessionLayer::new(manager));
    store.fail(true);
    let response = site.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!has_entered.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_session_in_a_cookie_is_reloaded_from_it_until_the_response() {
    let manager = SessionManager::cookie_builder(keys()).cookie_name("id").build().unwrap();
    let fresh = manager.load([]).await.unwrap();
    fresh.insert("n", &0).unwrap();
    fresh.reload().await.unwrap();
    assert_eq!((fresh.len(), fresh.reason().unwrap()), (0, Some(Reason::NoCookie)));

    let (session, id_and_data) = stored(&manager).await;
    session.insert("n", &2).unwrap();
    session.reload().await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(1), "the change was not saved");
    session.insert("n", &3).unwrap();
    session.save().await.unwrap();
    session.insert("n", &4).unwrap();
    session.reload().await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(3), "the cookie of the save is still to be sent");
    let new_data = header(&session.commit().await.unwrap());
    let sent = format!("{new_data}; {id_and_data}");

    assert!(matches!(session.reload().await, Err(Error::ResponseSent)));
    assert_eq!(session.insert("n", &5), Err(SessionError::Committed));
    assert_eq!(manager.load([sent.as_bytes()]).await.unwrap().get("n").unwrap(), Some(3));
}

#[tokio::test]
async fn visitors_see_their_own_writes_in_a_reload() {
    let store = Moody::lagging();
    let manager = manager(&store);
    let (session, _) = stored(&manager).await;
    session.insert("n", &2).unwrap();
    session.reload().await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(1), "what an earlier request has stored");
    session.insert("n", &3).unwrap();
    session.save().await.unwrap();
    session.reload().await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(3), "what this one has saved");
    session.insert("n", &4).unwrap();
    session.commit().await.unwrap();
    session.reload().await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(4), "what the response has taken along");
    session.insert("n", &5).unwrap();
    session.save().await.unwrap();
    session.reload().await.unwrap();
    assert_eq!(session.get("n").unwrap(), Some(5), "what was saved after it");
}

/// What happens while a stream's touch is due.
#[derive(Clone, Copy, PartialEq)]
enum Meanwhile {
    AnotherWrites,
    AnotherWritesUnseen,
    AnotherSignsOut,
    TheStoreFails,
}

#[tokio::test]
async fn a_session_goes_on_after_a_touch_that_was_not_stored_unless_it_is_over() {
    for meanwhile in [
        Meanwhile::AnotherWrites,
        Meanwhile::AnotherWritesUnseen,
        Meanwhile::AnotherSignsOut,
        Meanwhile::TheStoreFails,
    ] {
        let clock = ManualClock::new(UnixTime::from_secs(1_000_000));
        let memory = MemoryStore::with_limits(1_000_000, clock.clone());
        let store = Moody(Arc::new(Moods { store: memory, ..Moods::default() }));
        let manager = SessionManager::builder(keys(), store.clone()).cookie_name("id").clock(clock.clone());
        let manager = manager.build().unwrap();
        let (_, header) = stored(&manager).await;
        clock.advance(1_000);
        let stream = manager.load([header.as_bytes()]).await.unwrap();
        let before = stream.get::<i64>("n").unwrap();
        assert!(before.is_some());
        let other = manager.load([header.as_bytes()]).await.unwrap();
        match meanwhile {
            Meanwhile::AnotherWrites | Meanwhile::AnotherWritesUnseen => other.insert("other", &1).unwrap(),
            Meanwhile::AnotherSignsOut => other.destroy().unwrap(),
            Meanwhile::TheStoreFails => {}
        }
        if meanwhile != Meanwhile::TheStoreFails {
            other.commit().await.unwrap();
        }
        store.fail(meanwhile == Meanwhile::TheStoreFails);
        let is_unreadable = meanwhile == Meanwhile::AnotherWritesUnseen;
        store.0.is_unreadable.store(is_unreadable, Ordering::SeqCst);
        stream.save().await.unwrap();
        store.fail(false);
        store.0.is_unreadable.store(false, Ordering::SeqCst);
        if meanwhile == Meanwhile::AnotherSignsOut {
            assert_eq!((stream.is_destroyed(), stream.get::<i64>("n")), (true, Ok(None)));
            continue;
        }
        assert_eq!(stream.get("n"), Ok(before));
        stream.insert("stream", &2).unwrap();
        stream.commit().await.unwrap();
        let session = manager.load([header.as_bytes()]).await.unwrap();
        let read = |key| session.get::<i64>(key).unwrap();
        assert_eq!((read("n"), read("stream")), (before, Some(2)));
        assert_eq!(read("other"), (meanwhile != Meanwhile::TheStoreFails).then_some(1));
    }
}
