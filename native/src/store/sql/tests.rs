//! What SQLite tells at once, without waiting for the timeout that it was given.

use std::time::{Duration, Instant};

use fastsession_core::store::StoreKey;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;

use super::*;

/// A new database in which somebody else is writing: only SQLite's first kind of journal, which a new file has, keeps
/// those out that want to change the kind.
async fn busy_file() -> (TempDir, String, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let mut other =
        SqliteConnectOptions::new().filename(&file).create_if_missing(true).connect().await.unwrap();
    other.execute("CREATE TABLE other (number INTEGER)").await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    (folder, format!("sqlite:{}", file.display()), other)
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_waits_for_whoever_writes() {
    let (_folder, url, mut other) = busy_file().await;
    let opening = tokio::spawn(async move { SqlStore::open(&url).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!opening.is_finished());
    other.execute("COMMIT").await.unwrap();
    let store = opening.await.unwrap().unwrap();
    assert_eq!(store.get(&StoreKey::from_bytes(&[1; 32])).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_locked_is_an_error_in_time_that_says_what_to_look_for() {
    let limit = Duration::from_millis(200);
    let (_folder, url, mut other) = busy_file().await;
    let begun = Instant::now();
    let error = SqlStore::builder(&url).timeout(limit).open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("sessions.db") && error.to_string().contains("fuser"), "{error}");
    other.execute("COMMIT").await.unwrap();
    let store = SqlStore::builder(&url).timeout(limit).open().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let error = store.delete(&StoreKey::from_bytes(&[1; 32]), Condition::Any).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("fuser"), "{error}");
    assert!(begun.elapsed() >= limit.saturating_mul(2), "{:?}", begun.elapsed());
    other.close().await.unwrap();
    let _ = store.delete(&StoreKey::from_bytes(&[1; 32]), Condition::Any).await.unwrap();
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite::memory:?cache=shared",
        "sqlite:x?cache=shared&mode=memory",
    ] {
        let error = SqlStore::open(url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Configuration, "{url}");
        assert!(error.to_string().contains("\"memory:\""), "{url}: {error}");
    }
    assert!(!std::path::Path::new(":memory:").exists());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memory");
    assert!(SqlStore::open(&format!("sqlite:{}", file.display())).await.is_ok());
}
