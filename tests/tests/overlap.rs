//! Two requests of one session that overlap, step by step, on every store that needs nothing installed.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use fastsession::store::{FileStore, MemoryStore, Store};
use fastsession::{Error, KeyRing, Reason, Session, SessionError, SessionManager};
use tempfile::TempDir;

fn manager(store: impl Store) -> SessionManager {
    let keys = KeyRing::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=").unwrap();
    SessionManager::builder(keys, store).build().unwrap()
}

/// A session of Ada's that is stored, as the cookie of her browser.
async fn signed_in(sessions: &SessionManager) -> String {
    let session = sessions.load([]).await.unwrap();
    session.insert("greeting", "hello").unwrap();
    session.sign_in("ada").unwrap();
    commit(&session).await.unwrap()
}

/// Ends a request; the cookie that its answer sets, if any.
async fn commit(session: &Session) -> Option<String> {
    let cookies = session.commit().await.unwrap();
    cookies.first().map(|cookie| cookie.split(';').next().unwrap().to_owned())
}

async fn load(sessions: &SessionManager, cookie: &str) -> Session {
    let session = sessions.load([cookie.as_bytes()]).await.unwrap();
    assert_eq!(session.reason().unwrap(), None);
    session
}

type Change = fn(&Session) -> Result<(), SessionError>;

/// What a request may be doing while its session is ended.
const CHANGES: [(&str, Change); 8] = [
    ("reading", |session| session.get::<String>("greeting").map(drop)),
    ("inserting", |session| session.insert("late", &true)),
    ("updating", |session| session.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1).map(drop)),
    ("removing", |session| session.remove("greeting").map(drop)),
    ("clearing", Session::clear),
    ("rotating", Session::rotate),
    ("signing in", |session| session.sign_in("ada")),
    ("signing in as another user", |session| session.sign_in("grace")),
];

#[derive(Clone, Copy, Debug)]
enum End {
    SignOut,
    FromTheList,
    Everywhere,
}

async fn assert_it_stays_ended(sessions: &SessionManager, what: &str, change: Change, end: End) {
    let cookie = signed_in(sessions).await;
    let late = load(sessions, &cookie).await;
    change(&late).unwrap();
    let handle = late.key().unwrap();
    match end {
        End::SignOut => {
            let other = load(sessions, &cookie).await;
            other.destroy().unwrap();
            assert!(other.commit().await.unwrap().iter().any(|cookie| cookie.contains("Max-Age=0")));
        }
        End::FromTheList => assert!(sessions.end("ada", &handle).await.unwrap()),
        End::Everywhere => assert_eq!(sessions.end_all("ada").await.unwrap(), 1),
    }
    match late.commit().await {
        Ok(cookies) => {
            assert!(cookies.is_empty() && what == "reading", "{what}, {end:?}: it was given a cookie");
        }
        Err(error) => assert!(matches!(error, Error::Ended), "{what}, {end:?}: {error}"),
    }
    let after = sessions.load([cookie.as_bytes()]).await.unwrap();
    assert_eq!((after.reason().unwrap(), after.owner()), (Some(Reason::Missing), None), "{what}, {end:?}");
    for user in ["ada", "grace"] {
        assert_eq!(sessions.list(user).await.unwrap(), [], "{what}, {end:?}: {user} has a session");
    }
}

async fn assert_every_end_is_final(sessions: SessionManager) {
    for (what, change) in CHANGES {
        for end in [End::SignOut, End::FromTheList, End::Everywhere] {
            assert_it_stays_ended(&sessions, what, change, end).await;
        }
    }
}

#[tokio::test]
async fn a_late_request_does_not_bring_back_an_ended_session_in_memory() {
    assert_every_end_is_final(manager(MemoryStore::new())).await;
}

#[tokio::test]
async fn a_late_request_does_not_bring_back_an_ended_session_in_files() {
    let folder = TempDir::new().unwrap();
    assert_every_end_is_final(manager(FileStore::open(folder.path()).await.unwrap())).await;
}

/// One request each, all of them begun before any of them ends.
async fn assert_nothing_is_lost(sessions: SessionManager) {
    let cookie = signed_in(&sessions).await;
    let first = load(&sessions, &cookie).await;
    let second = load(&sessions, &cookie).await;
    let third = load(&sessions, &cookie).await;
    first.insert("first", &1).unwrap();
    first.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1).unwrap();
    second.insert("second", &2).unwrap();
    second.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1).unwrap();
    third.rotate().unwrap();
    for session in [&first, &second] {
        assert_eq!(commit(session).await, None);
    }
    let rotated = commit(&third).await.unwrap();

    let after = load(&sessions, &rotated).await;
    let number = |key| after.get::<u64>(key).unwrap();
    assert_eq!((number("first"), number("second"), number("visits")), (Some(1), Some(2), Some(2)));
    assert_eq!(after.get::<String>("greeting").unwrap().as_deref(), Some("hello"));
    assert_eq!(sessions.load([cookie.as_bytes()]).await.unwrap().reason().unwrap(), Some(Reason::Missing));
    assert_eq!(sessions.list("ada").await.unwrap().len(), 1);
}

#[tokio::test]
async fn overlapping_changes_all_survive_in_memory() {
    assert_nothing_is_lost(manager(MemoryStore::new())).await;
}

#[tokio::test]
async fn overlapping_changes_all_survive_in_files() {
    let folder = TempDir::new().unwrap();
    assert_nothing_is_lost(manager(FileStore::open(folder.path()).await.unwrap())).await;
}
