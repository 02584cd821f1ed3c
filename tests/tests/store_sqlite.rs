//! The SQL store keeps the contract on SQLite.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

use std::process::Command;

use fastsession::store::{Clock, ManualClock, Progress, SqlStore, Store, StoreErrorKind, open};
use fastsession::testing::Subject;
use fastsession_core::store::StoreKey;
use fastsession_core::time::UnixTime;
use fastsession_tests::numbered::number;
use tempfile::TempDir;

struct Sqlite {
    folder: TempDir,
    clock: ManualClock,
}

impl Sqlite {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, clock: ManualClock::new(UnixTime::now()) }
    }

    fn url(&self) -> String {
        format!("sqlite:{}/sessions.db", self.folder.path().display())
    }
}

impl Subject for Sqlite {
    type Store = SqlStore;

    async fn open(&self) -> SqlStore {
        let builder = SqlStore::builder(&self.url()).clock(self.clock.clone());
        builder.open().await.expect("a database in a temporary folder")
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    async fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }
}

fastsession::store_contract!(Sqlite::new());

#[tokio::test]
async fn processes_lose_no_update() {
    const TIMES: u64 = 50;
    let sqlite = Sqlite::new();
    let key = StoreKey::from_bytes(&[1; 32]);
    let start = || {
        let arguments = ["count", &sqlite.url(), &key.to_hex(), &TIMES.to_string()];
        Command::new(env!("CARGO_BIN_EXE_store_worker")).args(arguments).spawn().expect("the worker starts")
    };
    let workers: Vec<_> = (0..4).map(|_| start()).collect();
    for mut worker in workers {
        assert!(worker.wait().expect("the worker ends").success());
    }
    let record = sqlite.open().await.get(&key).await.expect("the store works").expect("a record");
    assert_eq!(number(&record), Ok(4 * TIMES));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let sqlite = Sqlite::new();
    let store = sqlite.open().await;
    store.stats(&Progress::none()).await.expect("the store works");
    let files = sqlite.folder.path().read_dir().expect("the folder").map(|file| file.expect("an entry"));
    let modes: Vec<_> =
        files.map(|file| file.metadata().expect("a file").permissions().mode() & 0o777).collect();
    assert!(modes.len() >= 2 && modes.iter().all(|mode| *mode == 0o600), "{modes:?}");
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("text");
    std::fs::write(&file, "this is a text and no database, and long enough to be seen as none ".repeat(10))
        .expect("a file");
    let error = open(&format!("sqlite:{}", file.display())).await.expect_err("no database");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    let missing = folder.path().join("missing/sessions.db");
    let error = open(&format!("sqlite:{}", missing.display())).await.expect_err("no folder");
    assert!(error.to_string().contains("missing/sessions.db"), "{error}");
}

#[tokio::test]
async fn a_file_is_made_only_where_it_may_be() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("sessions.db");
    for migrate in [true, false] {
        let builder = SqlStore::builder(&format!("sqlite:{}", file.display())).create(false).migrate(migrate);
        let error = builder.open().await.expect_err("no file");
        assert_eq!(error.kind(), StoreErrorKind::Configuration, "{error}");
        assert!(!file.exists());
    }
    std::fs::write(&file, "").expect("a file");
    let builder = SqlStore::builder(&format!("sqlite:{}", file.display())).create(false);
    let store = builder.open().await.expect("tables in an empty database");
    assert_eq!(store.get(&StoreKey::from_bytes(&[1; 32])).await.expect("the store works"), None);
}

#[tokio::test]
async fn missing_tables_are_named() {
    let sqlite = Sqlite::new();
    let store = SqlStore::builder(&sqlite.url()).migrate(false).open().await.expect("a database");
    let error = store.get(&StoreKey::from_bytes(&[1; 32])).await.expect_err("no tables");
    assert_eq!(error.kind(), StoreErrorKind::Configuration);
    assert!(error.to_string().contains("migrate()"), "{error}");
    store.migrate().await.expect("it may");
    store.migrate().await.expect("it may again");
    assert_eq!(store.get(&StoreKey::from_bytes(&[1; 32])).await.expect("the store works"), None);
}
