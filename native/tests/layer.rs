//! The layer and the extractors, around an axum router.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)] // tests

use std::error::Error as _;
use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::routing::{get, post};
use fastsession::extract::{ExistingSession, Rejection, StrictSession};
use fastsession::store::{DynStore, ManualClock, MemoryStore, Put, Store, StoreError, StoreErrorKind};
use fastsession::{Error, EventKind, Key, KeyRing, Session, SessionLayer, SessionManager, UnixTime};
use fastsession_core::store::{Condition, Outcome, StoreKey};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tower::{Layer as _, ServiceExt as _, service_fn};

fn keys() -> KeyRing {
    KeyRing::new(Key::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=").unwrap())
}

fn manager(store: impl Store) -> SessionManager {
    SessionManager::builder(keys(), store).cookie_name("id").build().unwrap()
}

fn site(manager: SessionManager) -> Router {
    let count = |session: Session| async move {
        session.update("n", |n: Option<u32>| n.unwrap_or(0) + 1).unwrap().to_string()
    };
    let set = |session: Session, request: Request<Body>| async move {
        session.insert(request.uri().query().unwrap(), &true).unwrap();
    };
    Router::new()
        .route("/", get(|| async { "untouched" }))
        .route("/count", get(count))
        .route("/keys", get(|session: Session| async move { session.keys().join(",") }))
        .route("/set", get(set))
        .route(
            "/fail",
            get(|session: Session| async move {
                session.insert("lost", &1).unwrap();
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route("/sign-in", post(|session: Session| async move { session.sign_in("ada").unwrap() }))
        .route("/sign-out", post(|session: Session| async move { session.destroy().unwrap() }))
        .route(
            "/sign-out-and-fail",
            post(|session: Session| async move {
                session.destroy().unwrap();
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route("/strict", get(|_: StrictSession| async {}))
        .route("/existing", get(|_: ExistingSession| async {}))
        .layer(SessionLayer::new(manager))
}

async fn send(site: &Router, method: &str, path: &str, cookie: &str) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !cookie.is_empty() {
        request = request.header("cookie", format!("other=1; id={cookie}"));
    }
    site.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn cookie(response: &Response<Body>) -> Option<String> {
    let header = response.headers().get("set-cookie")?.to_str().unwrap();
    Some(header.strip_prefix("id=").unwrap().split(';').next().unwrap().to_owned())
}

#[tokio::test]
async fn a_handler_without_a_session_costs_nothing() {
    let response = send(&site(manager(MemoryStore::new())), "GET", "/", "").await;
    assert!(response.headers().get("set-cookie").is_none() && response.headers().get("vary").is_none());
    assert_eq!(text(response).await, "untouched");
}

#[tokio::test]
async fn a_session_goes_from_request_to_request() {
    let site = site(manager(MemoryStore::new()));
    let first = send(&site, "GET", "/count", "").await;
    let header = first.headers()["set-cookie"].to_str().unwrap();
    assert!(header.ends_with("; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax"), "{header}");
    assert_eq!(
        (&first.headers()["vary"], &first.headers()["cache-control"]),
        (&"Cookie".parse().unwrap(), &"no-store".parse().unwrap())
    );
    let id = cookie(&first).unwrap();
    let second = send(&site, "GET", "/count", &id).await;
    assert_eq!(second.headers()["cache-control"], "private");
    assert_eq!(cookie(&second), None);
    assert_eq!(text(second).await, "2");
}

/// A store that lets other requests go on before each operation, so that those of one thread overlap.
struct Yielding {
    store: MemoryStore,
    /// Whether it writes on a condition, as a store must.
    has_conditions: bool,
}

impl Yielding {
    fn new(has_conditions: bool) -> Self {
        Self { store: MemoryStore::new(), has_conditions }
    }
}

impl Store for Yielding {
    fn engine(&self) -> &'static str {
        "yielding"
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        tokio::task::yield_now().await;
        Store::get(&self.store, key).await
    }

    async fn put(&self, mut put: Put<'_>) -> Result<Outcome, StoreError> {
        tokio::task::yield_now().await;
        if !self.has_conditions {
            put.condition = Condition::Any;
        }
        Store::put(&self.store, put).await
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        tokio::task::yield_now().await;
        Store::delete(&self.store, key, condition).await
    }
}

/// Visits a new session once, then forty times at once, and once more.
async fn count_in_parallel(store: Yielding) -> String {
    let site = site(manager(store));
    let id = cookie(&send(&site, "GET", "/count", "").await).unwrap();
    let mut visits = JoinSet::new();
    for _ in 0..40 {
        let (site, id) = (site.clone(), id.clone());
        visits.spawn(async move { send(&site, "GET", "/count", &id).await.status() });
    }
    assert!(visits.join_all().await.iter().all(|status| *status == StatusCode::OK));
    text(send(&site, "GET", "/count", &id).await).await
}

#[tokio::test]
async fn forty_parallel_visits_count_forty() {
    assert_eq!(count_in_parallel(Yielding::new(true)).await, "42");
    // They do overlap: where the last writer wins, all read the same number.
    assert_eq!(count_in_parallel(Yielding::new(false)).await, "3");
}

#[tokio::test]
async fn a_failed_request_changes_nothing_but_signs_out() {
    let site = site(manager(MemoryStore::new()));
    let id = cookie(&send(&site, "GET", "/count", "").await).unwrap();
    assert_eq!(send(&site, "GET", "/fail", &id).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(text(send(&site, "GET", "/keys", &id).await).await, "n");
    let response = send(&site, "POST", "/sign-out-and-fail", &id).await;
    assert_eq!(cookie(&response).as_deref(), Some(""));
    assert_eq!(text(send(&site, "GET", "/keys", &id).await).await, "");
}

#[tokio::test]
async fn cookies_from_before_sign_in_and_sign_out_are_dead() {
    let site = site(manager(MemoryStore::new()));
    let before = cookie(&send(&site, "GET", "/count", "").await).unwrap();
    let signed_in = cookie(&send(&site, "POST", "/sign-in", &before).await).unwrap();
    let dead = send(&site, "GET", "/keys", &before).await;
    assert_eq!(cookie(&dead), None);
    assert_eq!(text(dead).await, "");
    assert_eq!(text(send(&site, "GET", "/keys", &signed_in).await).await, "n");
    assert_eq!(cookie(&send(&site, "POST", "/sign-out", &signed_in).await).as_deref(), Some(""));
    assert_eq!(text(send(&site, "GET", "/keys", &signed_in).await).await, "");
}

#[tokio::test]
async fn strictness_is_set_per_route() {
    let site = site(manager(MemoryStore::new()));
    let id = cookie(&send(&site, "GET", "/count", "").await).unwrap();
    for (path, sent, status) in [
        ("/strict", "", 200),
        ("/strict", "rubbish", 400),
        ("/strict", &id, 200),
        ("/existing", "", 401),
        ("/existing", "rubbish", 400),
        ("/existing", &id, 200),
        ("/keys", "rubbish", 200),
    ] {
        let response = send(&site, "GET", path, sent).await;
        assert_eq!(response.status(), status, "{path} {sent}");
        assert_eq!(cookie(&response).as_deref(), (status == 400).then_some(""), "{path} {sent}");
    }
}

/// A store that waits for permission before each write, or fails.
#[derive(Clone)]
struct Gate {
    store: DynStore,
    open: Arc<Notify>,
    fails: Arc<AtomicBool>,
}

impl Store for Gate {
    fn engine(&self) -> &'static str {
        "gate"
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(key).await
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::message(StoreErrorKind::Unavailable, "gate", "put", ""));
        }
        self.store.put(put).await
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        self.open.notified().await;
        self.store.delete(key, condition).await
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_is_signed_out() {
    let store = DynStore::new(MemoryStore::new());
    let gate = Gate { store: store.clone(), open: Arc::new(Notify::new()), fails: Arc::default() };
    let site = site(manager(gate.clone()));
    let id = cookie(&send(&site, "GET", "/count", "").await).unwrap();
    let hangs_up =
        tokio::time::timeout(Duration::from_millis(20), send(&site, "POST", "/sign-out", &id)).await;
    assert!(hangs_up.is_err());
    gate.open.notify_one();
    is_signed_out_soon(&site, &id).await;
}

/// Nobody waits for a sign-out whose request was given up.
async fn is_signed_out_soon(site: &Router, id: &str) {
    let signed_out = async {
        while text(send(site, "GET", "/keys", id).await).await == "n" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), signed_out).await.expect("the session is still there");
}

#[tokio::test]
async fn a_panicking_handler_still_signs_out() {
    let store = MemoryStore::new();
    let panics = get(|session: Session| async move {
        session.destroy().unwrap();
        assert!(!session.is_destroyed(), "a panic, on purpose");
    });
    let manager = manager(store);
    let site =
        site(manager.clone()).merge(Router::new().route("/panic", panics).layer(SessionLayer::new(manager)));
    let id = cookie(&send(&site, "GET", "/count", "").await).unwrap();
    let (panicking, sent) = (site.clone(), id.clone());
    assert!(tokio::spawn(async move { send(&panicking, "GET", "/panic", &sent).await }).await.is_err());
    is_signed_out_soon(&site, &id).await;
}

#[tokio::test]
async fn a_store_that_fails_is_a_503_and_sends_no_cookie() {
    let store = DynStore::new(MemoryStore::new());
    let gate = Gate { store, open: Arc::new(Notify::new()), fails: Arc::new(AtomicBool::new(true)) };
    let response = send(&site(manager(gate)), "GET", "/count", "").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(cookie(&response), None);
}

#[tokio::test]
async fn a_handler_that_swallows_a_failing_save_does_not_answer_as_if_all_were_well() {
    let store = DynStore::new(MemoryStore::new());
    let gate = Gate { store, open: Arc::new(Notify::new()), fails: Arc::new(AtomicBool::new(true)) };
    let manager = manager(gate);
    let handler = get(|session: Session| async move {
        session.insert("n", &1).unwrap();
        assert!(matches!(session.save().await, Err(Error::Store(_))));
        assert!(matches!(session.save().await, Err(Error::Unsaved)));
        "saved"
    });
    let site = Router::new().route("/", handler).layer(SessionLayer::new(manager.clone()));
    let response = send(&site, "GET", "/", "").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let session = manager.load([]).await.unwrap();
    session.insert("n", &1).unwrap();
    assert!(session.commit().await.is_err() && matches!(session.commit().await, Err(Error::Unsaved)));
}

async fn set_two_keys_at_once(store: Yielding) -> Vec<String> {
    let site = site(manager(store));
    let id = cookie(&send(&site, "GET", "/count", "").await).unwrap();
    let (one, other) = tokio::join!(send(&site, "GET", "/set?a", &id), send(&site, "GET", "/set?b", &id));
    assert_eq!((one.status(), other.status()), (StatusCode::OK, StatusCode::OK));
    let mut keys: Vec<String> =
        text(send(&site, "GET", "/keys", &id).await).await.split(',').map(str::to_owned).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn changes_to_different_keys_both_survive() {
    let keys = set_two_keys_at_once(Yielding::new(true)).await;
    assert_eq!(keys, ["a", "b", "n"]);
    // Where the last writer wins, one of them is lost.
    assert_eq!(set_two_keys_at_once(Yielding::new(false)).await.len(), 2);
}

#[tokio::test]
async fn any_tower_service_gets_the_session() {
    async fn visit(request: Request<Body>) -> Result<Response<Body>, Error> {
        let found = Session::from_extensions(request.extensions(), request.headers()).await?;
        let Some(session) = found else { return Ok(Response::new(Body::from("none"))) };
        let same = Session::from_extensions(request.extensions(), request.headers()).await?.unwrap();
        same.update("n", |n: Option<u32>| n.unwrap_or(0) + 1)?;
        Ok(Response::new(Body::from(session.get::<u32>("n")?.unwrap().to_string())))
    }
    for store in [DynStore::new(MemoryStore::new()), DynStore::new(Yielding::new(true))] {
        let service = SessionLayer::new(manager(store)).layer(service_fn(visit));
        let first = service.clone().oneshot(Request::new(Body::empty())).await.unwrap();
        let header = format!("id={}", cookie(&first).unwrap());
        assert_eq!(text(first).await, "1");
        let request = Request::builder().header("cookie", header).body(Body::empty()).unwrap();
        assert_eq!(text(service.oneshot(request).await.unwrap()).await, "2");
    }
    assert_eq!(text(visit(Request::new(Body::empty())).await.unwrap()).await, "none");
}

#[tokio::test]
async fn a_runtime_that_shuts_down_is_told_as_such() {
    let gate = Gate {
        store: DynStore::new(MemoryStore::new()),
        open: Arc::new(Notify::new()),
        fails: Arc::default(),
    };
    let manager = manager(gate);
    let (session, _) = signed_in(&manager).await;
    session.destroy().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut commit = pin!(session.commit());
    {
        let _inside = runtime.enter();
        assert!(commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    runtime.shutdown_background();
    assert!(matches!(commit.await, Err(Error::ShutDown)));
    // Nor is anything said of the session that may not be true.
    assert!(matches!(session.commit().await, Err(Error::Unsaved)));
}

#[tokio::test]
async fn a_refusal_tells_its_source() {
    let store = DynStore::new(MemoryStore::new());
    let gate = Gate { store, open: Arc::new(Notify::new()), fails: Arc::new(AtomicBool::new(true)) };
    let session = manager(gate).load([]).await.unwrap();
    session.insert("n", &1).unwrap();
    let refusal = Rejection::Failed(session.save().await.unwrap_err());
    let error = refusal.source().and_then(std::error::Error::source).unwrap();
    assert!(error.is::<StoreError>(), "{error}");
}

#[tokio::test]
async fn without_a_framework_cookies_go_in_and_come_out() {
    let manager = manager(MemoryStore::new());
    let session = manager.load([]).await.unwrap();
    session.insert("n", &1).unwrap();
    let cookies = session.commit().await.unwrap();
    let header = cookies[0].split(';').next().unwrap().to_owned();
    let again = manager.load([header.as_bytes()]).await.unwrap();
    assert_eq!(again.get::<u32>("n").unwrap(), Some(1));
    assert!(again.commit().await.unwrap().is_empty());
    assert!(again.insert("n", &2).is_err());
}

#[tokio::test]
async fn a_stream_reloads_and_saves() {
    let manager = manager(MemoryStore::new());
    let session = manager.load([]).await.unwrap();
    session.insert("n", &1).unwrap();
    let header = session.commit().await.unwrap()[0].split(';').next().unwrap().to_owned();
    let other = manager.load([header.as_bytes()]).await.unwrap();
    other.insert("n", &2).unwrap();
    assert!(other.commit().await.unwrap().is_empty());

    session.reload().await.unwrap();
    assert_eq!(session.update("n", |n: Option<u32>| n.unwrap_or(0) * 10).unwrap(), 20);
    session.save().await.unwrap();
    session.rotate().unwrap();
    assert!(matches!(session.save().await, Err(Error::ResponseSent)));
    let last = manager.load([header.as_bytes()]).await.unwrap();
    assert_eq!(last.get::<u32>("n").unwrap(), Some(20));
}

#[tokio::test]
async fn a_users_sessions_are_listed_and_ended() {
    let clock = ManualClock::new(UnixTime::from_secs(1_000_000));
    let events = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let manager = SessionManager::builder(keys(), MemoryStore::with_limits(1_000_000, clock.clone()))
        .cookie_name("id")
        .clock(clock.clone())
        .on_event(move |event| seen.lock().unwrap().push(event.kind))
        .build()
        .unwrap();
    let mut cookies = Vec::new();
    for label in ["phone", "laptop"] {
        let session = manager.load([]).await.unwrap();
        session.sign_in("ada").unwrap();
        session.set_label(label).unwrap();
        cookies.extend(session.commit().await.unwrap());
        clock.advance(10);
    }
    let listed = manager.list("ada").await.unwrap();
    assert_eq!(listed.iter().map(|listing| listing.label.as_str()).collect::<Vec<_>>(), ["laptop", "phone"]);
    assert!(!manager.end("eve", &listed[0].handle).await.unwrap());
    assert!(manager.end("ada", &listed[0].handle).await.unwrap());
    assert_eq!(manager.list("ada").await.unwrap().len(), 1);
    assert_eq!(manager.end_all("ada").await.unwrap(), 1);
    let dead = manager.load([cookies[0].split(';').next().unwrap().as_bytes()]).await.unwrap();
    assert_eq!(dead.reason().unwrap(), Some(fastsession::Reason::Missing));
    let kinds = events.lock().unwrap().clone();
    assert_eq!(
        kinds,
        [EventKind::Created, EventKind::Created, EventKind::Refused(fastsession::Reason::Missing)]
    );
}

async fn signed_in(manager: &SessionManager) -> (Session, String) {
    let session = manager.load([]).await.unwrap();
    session.sign_in("ada").unwrap();
    let header = session.commit().await.unwrap()[0].split(';').next().unwrap().to_owned();
    (manager.load([header.as_bytes()]).await.unwrap(), header)
}

#[tokio::test]
async fn a_save_tells_that_the_session_was_ended() {
    let manager = manager(MemoryStore::new());
    let (late, header) = signed_in(&manager).await;
    late.insert("late", &1).unwrap();
    let ends = manager.load([header.as_bytes()]).await.unwrap();
    ends.destroy().unwrap();
    assert!(matches!(ends.reload().await, Err(Error::Session(_))));
    ends.commit().await.unwrap();
    assert!(matches!(late.save().await, Err(Error::Ended)));
    // And no new session begins by what the handler does next.
    assert!(late.insert("later", &1).is_err());
    assert!(late.commit().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_closure_that_uses_its_session_is_refused() {
    let manager = manager(MemoryStore::new());
    let session = manager.load([]).await.unwrap();
    let same = session.clone();
    let seen = session.update("n", move |_: Option<bool>| same.get::<bool>("n").is_err()).unwrap();
    assert!(seen);
    assert_eq!(session.read(|_| session.owner()).unwrap(), None);
}

#[tokio::test]
async fn a_cookie_that_was_saved_is_sent_with_a_failure() {
    let store = DynStore::new(MemoryStore::new());
    let gate = Gate { store, open: Arc::new(Notify::new()), fails: Arc::default() };
    let fails = Arc::clone(&gate.fails);
    let handler = get(move |session: Session| async move {
        session.sign_in("ada").unwrap();
        session.save().await.unwrap();
        fails.store(true, Ordering::SeqCst);
        session.insert("n", &1).unwrap();
    });
    let site = Router::new().route("/", handler).layer(SessionLayer::new(manager(gate)));
    let response = send(&site, "GET", "/", "").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(cookie(&response).unwrap().starts_with("gAAA"));
}

#[tokio::test]
async fn end_all_finds_a_session_that_moves_between_the_lists_of_two_keys() {
    let store = MemoryStore::new();
    let old = manager(store.clone());
    let (_, header) = signed_in(&old).await;
    let newer = KeyRing::parse(
        "0hPOWM1mLrqIFqRgRQkr0RcH0i2K2IyO2pTz7x2iQxE=,cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
    );
    let new = SessionManager::builder(newer.unwrap(), store).cookie_name("id").build().unwrap();
    let moved = new.load([header.as_bytes()]).await.unwrap();
    let header = moved.commit().await.unwrap()[0].split(';').next().unwrap().to_owned();
    assert_eq!(new.list("ada").await.unwrap().len(), 1);
    assert_eq!(new.end_all("ada").await.unwrap(), 1);
    assert!(new.load([header.as_bytes()]).await.unwrap().owner().is_none());
}
