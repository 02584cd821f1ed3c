//! What an operator meets when something is wrong with a store: it is told, and what can be done is done.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use fastsession::store::{self, Store as _};
use fastsession::{KeyRing, SessionManager, StoreKey};
use serde_json::Value;

use crate::program::KEY;

/// Three sessions of Ada's in a folder, and their handles.
async fn three_sessions(folder: &Path) -> (SessionManager, Vec<StoreKey>) {
    let store = store::open(&format!("file:{}", folder.display())).await.unwrap();
    let sessions = SessionManager::builder(KeyRing::parse(KEY).unwrap(), store).build().unwrap();
    for label in ["one", "two", "three"] {
        let session = sessions.load([]).await.unwrap();
        session.set_label(label).unwrap();
        session.sign_in("ada").unwrap();
        session.commit().await.unwrap();
    }
    let handles = sessions.list("ada").await.unwrap().into_iter().map(|listing| listing.handle).collect();
    (sessions, handles)
}

fn record(folder: &Path, handle: &StoreKey) -> PathBuf {
    let handle = handle.to_string();
    folder.join("records").join(&handle[..2]).join(handle)
}

fn store(url: &str, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fastsession"));
    command.arg("store").args(arguments.split(' ')).env("FASTSESSION_KEY", KEY).env("FASTSESSION_STORE", url);
    command
}

fn run(folder: &Path, arguments: &str) -> Output {
    store(&format!("file:{}", folder.display()), arguments).output().unwrap()
}

#[tokio::test]
async fn one_record_that_cannot_be_read_does_not_hide_or_keep_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for owner in ["--owner ada ", ""] {
        let (sessions, handles) = three_sessions(folder).await;
        let [_, newer, _] = handles.as_slice() else { panic!("three: {handles:?}") };
        let file = record(folder, newer);
        let mut bytes = fs::read(&file).unwrap();
        bytes[3] = b'2';
        fs::write(&file, bytes).unwrap();

        let listed = run(folder, "list --owner ada");
        let (text, errors) =
            (String::from_utf8_lossy(&listed.stdout), String::from_utf8_lossy(&listed.stderr));
        assert_eq!((listed.status.code(), text.lines().count()), (Some(3), 3), "{text}{errors}");
        assert!(errors.contains(&format!("{newer} cannot be read")), "{errors}");
        assert!(
            errors.contains("another version") && errors.contains("1 of the user's sessions"),
            "{errors}"
        );
        let listed: Value = serde_json::from_slice(&run(folder, "list --owner ada --json").stdout).unwrap();
        let unreadable: Vec<_> =
            listed.as_array().unwrap().iter().filter(|listed| listed["unreadable"].is_string()).collect();
        assert_eq!((listed.as_array().unwrap().len(), unreadable.len()), (3, 1), "{listed}");
        assert_eq!(unreadable[0]["handle"], newer.to_string());
        let stats: Value = serde_json::from_slice(&run(folder, "stats --json").stdout).unwrap();
        assert_eq!((&stats["sessions"], &stats["unreadable"]), (&2.into(), &1.into()), "{stats}");

        // By its handle, and with all others.
        let ended = run(folder, &format!("revoke {owner}--session {newer}"));
        assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(0), b"1 ended\n".as_slice()));
        assert!(!file.exists());
        fs::write(
            &file,
            b"fsr2 of another version, that is longer than a header of this one is, which has 84 bytes",
        )
        .unwrap();
        let list = fs::read_dir(folder.join("owners")).unwrap().next().unwrap().unwrap().path();
        let list = fs::read_dir(list).unwrap().next().unwrap().unwrap().path();
        fs::write(list.join(newer.to_string()), b"").unwrap();
        let ended = run(folder, "revoke --owner ada --all");
        assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(0), b"3 ended\n".as_slice()));
        assert!(!file.exists() && sessions.list_all("ada").await.unwrap().sessions.is_empty());
    }
}

#[tokio::test]
async fn what_another_key_sealed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (sessions, handles) = three_sessions(folder).await;
    // The entry of one under the name of another.
    fs::copy(record(folder, &handles[0]), record(folder, &handles[1])).unwrap();
    assert_eq!(sessions.list_all("ada").await.unwrap().unreadable, [handles[1]]);
    let listed = run(folder, "list --owner ada");
    assert_eq!(listed.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&listed.stderr).contains("another key"), "{listed:?}");
    assert_eq!(run(folder, "revoke --owner ada --all").stdout, b"3 ended\n");
}

/// A result that cannot be told is not a failure to do it.
#[tokio::test]
async fn what_is_done_is_not_reported_as_untried() {
    let folder = tempfile::tempdir().unwrap();
    let (sessions, _) = three_sessions(folder.path()).await;
    let url = format!("file:{}", folder.path().display());
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        store(&url, "revoke --owner ada --all").stdout(full).stderr(Stdio::piped()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("it is done (3 ended)"), "{told}");
    assert!(sessions.list("ada").await.unwrap().is_empty());
    assert_eq!(sessions.store().stats(&store::Progress::none()).await.unwrap().records, 0);
}

/// While it waits for a lock that somebody else has.
#[tokio::test]
async fn who_interrupts_a_purge_is_told_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let (_, handles) = three_sessions(folder.path()).await;
    let file = record(folder.path(), &handles[0]);
    fs::write(file.with_extension("tmp"), b"what a writer left that was killed").unwrap();
    let shard = handles[0].to_string()[..2].to_owned();
    let lock = fs::File::create(folder.path().join("locks").join(shard)).unwrap();
    lock.lock().unwrap();
    let mut purge = store(&format!("file:{}", folder.path().display()), "purge");
    let mut purge = purge.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(purge.try_wait().unwrap().is_none(), "it waits");
    assert!(Command::new("kill").args(["-INT", &purge.id().to_string()]).status().unwrap().success());
    let output = purge.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(130), true), "{told}");
    assert!(told.contains("interrupted: at least 0 removed"), "{told}");
}

#[test]
fn variables_that_are_not_text_are_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let nonsense = OsStr::from_bytes(b"file:\xff");
    for variable in ["FASTSESSION_STORE", "FASTSESSION_KEY"] {
        let output = store("file:/nonexistent", "list --owner ada").env(variable, nonsense).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(variable) && told.contains("not text"), "{told}");
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;

    use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

    use super::*;

    /// Everything that is in a folder, by name.
    fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> = files.map(|file| (file.clone(), fs::read(&file).unwrap())).collect();
        files.sort();
        files
    }

    #[tokio::test]
    async fn a_database_without_sessions_is_left_as_it_is() {
        for mode in ["delete", "wal"] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("other.db");
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
            let mut other = options.connect().await.unwrap();
            other.execute(sqlx::AssertSqlSafe(format!("PRAGMA journal_mode = {mode}"))).await.unwrap();
            other.execute("CREATE TABLE accounts (name TEXT)").await.unwrap();
            other.close().await.unwrap();
            let before = contents(folder.path());
            assert_eq!(before.len(), 1, "{mode}");
            let handle = "0".repeat(64);
            for arguments in ["stats", "list --owner ada", "purge", &format!("revoke --session {handle}")] {
                let output = store(&format!("sqlite:{}", file.display()), arguments).output().unwrap();
                let told = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(2), "{arguments}: {told}");
                assert!(told.contains("no sessions in this database") && !told.contains("migrate"), "{told}");
                assert!(contents(folder.path()) == before, "{mode}, {arguments}: something was written");
            }
        }
    }

    #[tokio::test]
    async fn looking_needs_no_right_to_write() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        let url = format!("sqlite:{}", file.display());
        store::SqlStore::open(&url).await.unwrap().close().await;
        // Where the program was built others may not look.
        let program = folder.path().join("fastsession");
        fs::copy(env!("CARGO_BIN_EXE_fastsession"), &program).unwrap();
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let run = |arguments: &str| {
            let mut command = Command::new(&program);
            command.arg("store").args(arguments.split(' ')).env("FASTSESSION_STORE", &url);
            // Root may write everywhere.
            if is_root {
                command.uid(65_534);
            }
            command.output().unwrap()
        };
        let output = run("stats --json");
        assert!(output.status.success(), "{}", output.stderr.escape_ascii());
        let output = run("purge");
        assert_eq!(output.status.code(), Some(2));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
