//! Somebody who has the files of a store finds no id, no user and no value in them.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use fastsession::store::{FileStore, SqlStore};
use fastsession_tests::dump::{assert_shows_nothing, files};

#[tokio::test]
async fn of_the_file_store() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = FileStore::open(folder.path()).await.expect("the store opens");
    assert_shows_nothing(store, || files(folder.path())).await;
}

/// With what is in the write-ahead log only.
#[tokio::test]
async fn of_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}/sessions.db", folder.path().display());
    let store = SqlStore::open(&url).await.expect("the database opens");
    assert_shows_nothing(store.clone(), || files(folder.path())).await;
    let log = std::fs::metadata(folder.path().join("sessions.db-wal")).expect("a log");
    assert!(log.len() > 0);
}
