//! What an operator does with a store, whichever it is.

use std::path::Path;
use std::process::{Command, Output};

use fastsession::core::store::Condition;
use fastsession::store::{self, DynStore, Put, Store as _};
use fastsession::{Fernet, KeyRing, Session, SessionManager, StoreKey, UnixTime};
use serde_json::Value;

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

/// An operator at a store that holds no sessions yet.
pub(crate) struct Operator<'a> {
    program: &'a Path,
    url: &'a str,
    /// All that the program has written.
    seen: Vec<u8>,
}

/// Signs users in, looks at them, signs them out, purges: on the store of `url`, which is empty and can be made.
pub(crate) async fn journey(program: &Path, url: &str) {
    journey_on(program, url, url).await;
}

/// The same, where the server of the sessions names the store by another URL than the operator.
pub(crate) async fn journey_on(program: &Path, servers_url: &str, url: &str) {
    let store = store::open(servers_url).await.unwrap();
    let sessions = SessionManager::builder(KeyRing::parse(KEY).unwrap(), store.clone()).build().unwrap();
    let mut operator = Operator { program, url, seen: Vec::new() };
    let mut ada = Vec::new();
    for label in ["Firefox on Linux", "a \u{1b}[31mred\nlabel", ""] {
        ada.push(signed_in(&sessions, "ada", label).await);
    }
    let grace = signed_in(&sessions, "grace", "").await;
    assert_counted(&mut operator, 4);
    assert_eq!(operator.json("stats --json")["users"], 2);

    let listed = assert_listed(&mut operator, &sessions).await;
    assert_eq!(operator.json("list --owner ada --namespace other --json"), Value::from(Vec::<Value>::new()));
    assert_eq!(operator.text("list --owner nobody"), "no sessions\n");

    let [one, two, three] = listed.as_slice() else { panic!("three handles: {listed:?}") };
    assert_eq!(operator.run(&format!("revoke --owner grace --session {one}"), true).status.code(), Some(1));
    assert_eq!(sessions.list("ada").await.unwrap().len(), 3);
    // The beginning of a handle will do, where the list says what it is the beginning of.
    let short = &one.to_string().to_uppercase()[..12];
    assert_eq!(operator.run(&format!("revoke --owner grace --session {short}"), true).status.code(), Some(1));
    assert_eq!(operator.run(&format!("revoke --session {short}"), false).status.code(), Some(2));
    assert_eq!(operator.text(&format!("revoke --owner ada --session {short}")), "1 ended\n");
    assert_eq!(operator.run(&format!("revoke --owner ada --session {one}"), true).status.code(), Some(1));
    // By its key alone, as the log shows it.
    let run = operator.run(&format!("revoke --session {}", two.to_string().to_uppercase()), false);
    assert_eq!((run.status.code(), run.stdout.as_slice()), (Some(0), b"1 ended\n".as_slice()));
    assert_eq!(operator.run(&format!("revoke --session {two}"), false).status.code(), Some(1));
    // Nothing is ended for the sake of a session that is not the user's.
    assert_eq!(operator.run(&format!("revoke --owner ada --all-but {two}"), true).status.code(), Some(1));
    assert_eq!(sessions.list("ada").await.unwrap().len(), 1);
    signed_in(&sessions, "ada", "").await;
    assert_eq!(operator.json(&format!("revoke --owner ada --all-but {three} --json"))["ended"], 1);
    assert_eq!(sessions.list("ada").await.unwrap().len(), 1);
    assert_eq!(operator.text("revoke --owner ada --all"), "1 ended\n");
    // A wrong key or a misspelt user looks the same, and must not look like success.
    let run = operator.run("revoke --owner ada --all", true);
    assert_eq!((run.status.code(), run.stdout.as_slice()), (Some(1), b"0 ended\n".as_slice()));
    for cookie in &ada {
        assert!(sessions.load([cookie.as_bytes()]).await.unwrap().reason().unwrap().is_some());
    }
    assert_eq!(sessions.load([grace.as_bytes()]).await.unwrap().owner().as_deref(), Some("grace"));

    assert_purged(&mut operator, &store).await;
    assert_counted(&mut operator, 1);
    // Cookies are made of ids, and no id is ever shown.
    let fernet = Fernet::new(KeyRing::parse(KEY).unwrap());
    for cookie in ada.iter().chain([&grace]) {
        let id = fernet.decrypt(cookie.split_once('=').unwrap().1, None).unwrap();
        assert!(id.len() >= 43 && !operator.seen.windows(id.len()).any(|seen| *seen == id[..]));
    }
}

fn assert_counted(operator: &mut Operator<'_>, sessions: u64) {
    let stats = operator.json("stats --json");
    assert_eq!(stats["sessions"], sessions, "{stats}");
    assert!(stats["bytes"].as_u64().unwrap() > 100 * sessions, "{stats}");
    let text = operator.text("stats");
    assert!(text.contains(&format!("sessions:    {sessions}\n")) && text.contains("engine:"), "{text}");
}

/// Returns the handles, the session used last first.
async fn assert_listed(operator: &mut Operator<'_>, sessions: &SessionManager) -> Vec<StoreKey> {
    let known = sessions.list("ada").await.unwrap();
    let json = operator.json("list --owner ada --json");
    let json = json.as_array().unwrap();
    assert_eq!(json.len(), known.len());
    for listing in &known {
        let told = json.iter().find(|told| told["handle"] == listing.handle.to_string()).unwrap();
        assert_eq!(
            (&told["label"], &told["created"]),
            (&listing.label.clone().into(), &listing.created.as_secs().into())
        );
    }
    let text = operator.text("list --owner ada");
    assert!(
        text.contains("Firefox on Linux\n") && text.contains("a \u{fffd}[31mred\u{fffd}label\n"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 4, "{text}");
    known.into_iter().map(|listing| listing.handle).collect()
}

async fn assert_purged(operator: &mut Operator<'_>, store: &DynStore) {
    if store.capabilities().self_purging {
        assert!(operator.text("purge").starts_with("nothing to do"));
        assert_eq!(operator.json("purge --json")["removed"], 0);
        return;
    }
    let expires_at = UnixTime::from_secs(UnixTime::now().as_secs() - 10);
    for number in 1..=3 {
        let key = StoreKey::from_bytes(&[number; 32]);
        let put = Put { key, record: &[0; 100], expires_at, condition: Condition::Absent, filing: None };
        let _ = store.put(put).await.unwrap();
    }
    assert_eq!(operator.json("stats --json")["expired"], 3);
    let run = operator.run("purge", false);
    assert_eq!((run.status.code(), run.stdout.as_slice()), (Some(0), b"3 removed\n".as_slice()));
    // Standard error is no terminal here, but a timer's mail or a log.
    assert!(run.stderr.is_empty(), "{}", run.stderr.escape_ascii());
    assert_eq!(operator.json("purge --json")["removed"], 0);
    assert_eq!(operator.text("purge --quiet"), "");
}

/// The cookie of a browser in which `user` has just signed in.
async fn signed_in(sessions: &SessionManager, user: &str, label: &str) -> String {
    let session: Session = sessions.load([]).await.unwrap();
    session.set_label(label).unwrap();
    session.sign_in(user).unwrap();
    let cookies = session.commit().await.unwrap();
    cookies.first().unwrap().split(';').next().unwrap().to_owned()
}

impl Operator<'_> {
    fn run(&mut self, arguments: &str, with_key: bool) -> Output {
        let mut command = Command::new(self.program);
        command.arg("store").args(arguments.split(' ')).env_remove("FASTSESSION_KEY");
        // Given in either way.
        if with_key {
            command.env("FASTSESSION_KEY", KEY).env("FASTSESSION_STORE", self.url);
        } else {
            command.env_remove("FASTSESSION_STORE").args(["--store", self.url]);
        }
        let output = command.output().unwrap();
        self.seen.extend(output.stdout.iter().chain(&output.stderr));
        output
    }

    fn text(&mut self, arguments: &str) -> String {
        let output = self.run(arguments, true);
        assert!(output.status.success(), "{arguments}: {}", output.stderr.escape_ascii());
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&mut self, arguments: &str) -> Value {
        let text = self.text(arguments);
        assert_eq!(text.lines().count(), 1, "{arguments}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}
