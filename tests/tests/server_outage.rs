//! An HTTP server whose Redis is killed under load, and comes back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by a panic"
)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use fastsession::store::RedisStore;
use fastsession::{Error, Fernet, KeyRing, Session, SessionLayer, SessionManager};
use fastsession_core::id::SessionId;
use fastsession_tests::servers::RedisServer;

#[path = "demo/http.rs"]
#[allow(dead_code, reason = "the demo's tests send more")]
mod http;

use http::{Request, Response};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

const BROWSERS: usize = 12;
const KILLS: usize = 3;

async fn count(session: Session) -> Result<String, Error> {
    Ok(session.update("visits", |visits: Option<u64>| visits.unwrap_or(0) + 1)?.to_string())
}

async fn sign_in(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    Ok(session.sign_in(&user)?)
}

async fn sign_out(session: Session) -> Result<(), Error> {
    Ok(session.destroy()?)
}

async fn who(session: Session) -> String {
    session.owner().unwrap_or_default()
}

fn keys() -> KeyRing {
    KeyRing::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=").unwrap()
}

/// A server with sessions in Redis; its port.
async fn serve(redis: &str) -> u16 {
    let store = RedisStore::connect(redis).await.unwrap();
    let sessions =
        SessionManager::builder(keys(), store).cookie_name("session").secure(false).build().unwrap();
    let site = Router::new()
        .route("/", get(count))
        .route("/plain", get(async || "no session"))
        .route("/who", get(who))
        .route("/sign-in/{user}", post(sign_in))
        .route("/sign-out", post(sign_out))
        .layer(SessionLayer::new(sessions));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
    port
}

#[derive(Clone)]
struct Browser {
    port: u16,
    cookie: String,
}

impl Browser {
    /// Keeps the cookie that the answer sets.
    fn send(&mut self, method: &str, path: &str) -> Response {
        let start = Instant::now();
        let answer = Request::new(method, path).header("cookie", &self.cookie).send(self.port);
        assert!(start.elapsed() < Duration::from_secs(12), "an answer took {:?}", start.elapsed());
        let cookies = answer.headers("set-cookie");
        assert!(answer.status == 200 || cookies.is_empty(), "{answer:?}");
        if let Some(cookie) = cookies.first() {
            cookie.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        answer
    }
}

/// What all browsers together have met.
#[derive(Default)]
struct Met {
    stop: AtomicBool,
    visits: AtomicU64,
    outages: AtomicU64,
}

/// Stops all browsers when the test ends, also where it fails.
struct Stop<'a>(&'a Met);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::SeqCst);
    }
}

/// Visits again and again; returns its browser and the last number that it was told.
fn visit(mut browser: Browser, met: &Met) -> (Browser, u64) {
    let (mut told, mut unknown) = (0, 0);
    while !met.stop.load(Ordering::SeqCst) {
        let answer = browser.send("GET", "/");
        match answer.status {
            200 => {
                let visits: u64 = answer.body.parse().unwrap();
                // A visit that was answered by 503 may have been stored all the same.
                let expected = told + 1..=told + 1 + unknown;
                assert!(expected.contains(&visits), "{visits} visits, not {expected:?}: some were lost");
                (told, unknown) = (visits, 0);
                met.visits.fetch_add(1, Ordering::SeqCst);
            }
            503 => {
                unknown += 1;
                met.outages.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(5));
            }
            other => panic!("{other}: {answer:?}"),
        }
    }
    (browser, told)
}

/// Signs in and out again and again; returns what was signed out, as it was before.
fn come_and_go(port: u16, met: &Met) -> Vec<Browser> {
    let mut gone = Vec::new();
    while !met.stop.load(Ordering::SeqCst) {
        let mut browser = Browser { port, cookie: String::new() };
        if browser.send("POST", "/sign-in/grace").status == 200 {
            let before = browser.clone();
            if browser.send("POST", "/sign-out").status == 200 {
                gone.push(before);
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    gone
}

/// Waits until some more visits have succeeded.
fn goes_on(met: &Met) {
    let (start, before) = (Instant::now(), met.visits.load(Ordering::SeqCst));
    while met.visits.load(Ordering::SeqCst) < before + 300 {
        assert!(start.elapsed() < Duration::from_secs(30), "the server does not recover");
        thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_dies_under_load_and_comes_back() {
    let mut redis = RedisServer::start(&[]);
    let port = serve(&redis.url()).await;
    // The clients block their threads.
    let clients = tokio::task::spawn_blocking(move || {
        let met = Met::default();
        thread::scope(|scope| {
            let stop = Stop(&met);
            let browsers = (0..BROWSERS).map(|number| {
                let mut browser = Browser { port, cookie: String::new() };
                assert_eq!(browser.send("POST", &format!("/sign-in/user{number}")).status, 200);
                let met = &met;
                scope.spawn(move || visit(browser, met))
            });
            let browsers: Vec<_> = browsers.collect();
            let guests = scope.spawn(|| come_and_go(port, &met));
            for _ in 0..KILLS {
                goes_on(&met);
                redis.kill();
                outage(&browsers_like(port), &met);
                redis.start_again();
            }
            goes_on(&met);
            drop(stop);
            for (number, browser) in browsers.into_iter().enumerate() {
                let (mut browser, told) = browser.join().unwrap();
                assert_eq!(browser.send("GET", "/who").body, format!("user{number}"));
                assert!(browser.send("GET", "/").body.parse::<u64>().unwrap() > told);
            }
            let gone = guests.join().unwrap();
            for mut browser in gone.iter().cloned() {
                assert_eq!(browser.send("GET", "/who").expect(200).body, "", "a sign-out was taken back");
            }
            println!("{:?} visits, {:?} answers 503, {} sign-outs", met.visits, met.outages, gone.len());
            assert!(!gone.is_empty() && met.outages.load(Ordering::SeqCst) > 0);
        });
    });
    clients.await.unwrap();
}

/// A newcomer, and somebody with a cookie that nobody knows.
fn browsers_like(port: u16) -> [Browser; 2] {
    let id = SessionId::from_random([7; 32]);
    let cookie = Fernet::new(keys()).encrypt(id.as_bytes(), &mut StdRng::from_seed([7; 32])).unwrap();
    [String::new(), format!("session={cookie}")].map(|cookie| Browser { port, cookie })
}

/// While Redis is gone, whoever needs a session is told so, and nobody else notices.
fn outage(browsers: &[Browser], met: &Met) {
    let before = met.outages.load(Ordering::SeqCst);
    for browser in browsers {
        assert_eq!(browser.clone().send("GET", "/").status, 503);
        assert_eq!(browser.clone().send("GET", "/plain").status, 200);
    }
    let start = Instant::now();
    while met.outages.load(Ordering::SeqCst) < before + BROWSERS as u64 {
        assert!(start.elapsed() < Duration::from_secs(30), "nobody is told of the outage");
        thread::sleep(Duration::from_millis(10));
    }
}
