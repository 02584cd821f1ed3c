//! What a request does.

use std::collections::BTreeMap;
use std::fmt;

use fastsession_core::store::StoreKey;

use super::super::random::Random;
use crate::{Error, Session, SessionError, SessionManager};

/// A request, planned.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// One of a browser that presents a cookie, or none.
    Visit { cookie: Option<Cookie>, changes: Vec<Change>, act: Act },
    /// One of an application's that ends sessions or clears up.
    Manage(Task),
}

/// A cookie, and the record that it is for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) key: StoreKey,
    pub(super) header: String,
}

/// A change of values; one request has at most one of a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Clear,
    /// Adds 1 to the value under `n`.
    Count,
    Insert(&'static str, u64),
    Remove(&'static str),
}

/// What a visit does to its session as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    SignIn(User),
    Rotate,
    SignOut,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    EndAll(User),
    EndOthers(User, StoreKey),
    EndOne(User, StoreKey),
    Purge,
}

/// One of the users of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Ada,
    Grace,
}

pub(super) const USERS: [User; 2] = [User::Ada, User::Grace];

/// The values of a session, all of them numbers.
pub(super) type Values = BTreeMap<&'static str, u64>;

/// What a request's session is when it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) is_found: bool,
    pub(super) owner: Option<String>,
    pub(super) values: Values,
}

/// What a request comes to.
#[derive(Debug)]
pub(super) enum Ended {
    /// A visit was committed: the new cookie, if any.
    Committed(Option<Cookie>),
    /// Its session was ended or rotated by another one.
    Lost,
    /// A task is done on as many sessions.
    Done(u64),
    Failed(Error),
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({:.6})", self.key.to_hex().as_str())
    }
}

impl User {
    /// The user's name in one run: runs share an engine, but no users.
    pub(super) fn name(self, run: &str) -> String {
        format!("{self:?} of {run}")
    }
}

impl Change {
    fn apply(self, session: &Session) -> Result<(), SessionError> {
        match self {
            Self::Clear => session.clear(),
            Self::Count => session.update(COUNT, |n: Option<u64>| n.unwrap_or(0).saturating_add(1)).map(drop),
            Self::Insert(name, value) => session.insert(name, &value),
            Self::Remove(name) => session.remove(name).map(drop),
        }
    }

    /// The same on the values of the model; tells whether that changed anything.
    pub(super) fn apply_to(self, values: &mut Values) -> bool {
        match self {
            Self::Clear => !std::mem::take(values).is_empty(),
            Self::Count => {
                let count = values.entry(COUNT).or_default();
                *count = count.saturating_add(1);
                true
            }
            Self::Insert(name, value) => {
                values.insert(name, value);
                true
            }
            Self::Remove(name) => values.remove(name).is_some(),
        }
    }

    /// Some changes, each of another name, as the request with this `number` makes them.
    pub(super) fn some(random: &mut Random, number: u64) -> Vec<Self> {
        let mut changes = Vec::new();
        if random.below(10) == 0 {
            changes.push(Self::Clear);
        }
        if random.below(2) == 0 {
            changes.push(Self::Count);
        }
        for name in NAMES {
            match random.below(8) {
                0 | 1 => changes.push(Self::Insert(name, number)),
                2 => changes.push(Self::Remove(name)),
                _ => {}
            }
        }
        changes
    }
}

/// Carries out a visit; shows its session when it is loaded.
pub(super) async fn visit(
    manager: SessionManager,
    run: String,
    plan: (Option<Cookie>, Vec<Change>, Act),
    show: impl FnOnce(Seen) + Send,
) -> Ended {
    let (cookie, changes, act) = plan;
    let visited = async {
        let header = cookie.as_ref().map(|cookie| cookie.header.as_bytes());
        let session = manager.load(header).await?;
        show(see(&session)?);
        for change in changes {
            change.apply(&session)?;
        }
        match act {
            Act::Nothing => {}
            Act::SignIn(user) => session.sign_in(&user.name(&run))?,
            Act::Rotate => session.rotate()?,
            Act::SignOut => session.destroy()?,
        }
        let cookies = session.commit().await?;
        Ok(cookies.first().and_then(|cookie| set(cookie, &session)))
    };
    match visited.await {
        Ok(cookie) => Ended::Committed(cookie),
        Err(Error::Ended) => Ended::Lost,
        Err(error) => Ended::Failed(error),
    }
}

/// Carries out a task.
pub(super) async fn manage(manager: SessionManager, run: String, task: Task) -> Ended {
    let done = match task {
        Task::EndAll(user) => manager.end_all(&user.name(&run)).await,
        Task::EndOthers(user, kept) => manager.end_others(&user.name(&run), &kept).await,
        Task::EndOne(user, handle) => manager.end(&user.name(&run), &handle).await.map(u64::from),
        Task::Purge => manager.purge_expired().await,
    };
    done.map_or_else(Ended::Failed, Ended::Done)
}

fn see(session: &Session) -> Result<Seen, SessionError> {
    let mut values = Values::new();
    for name in NAMES.into_iter().chain([COUNT]) {
        if let Some(value) = session.get(name)? {
            values.insert(name, value);
        }
    }
    Ok(Seen { is_found: session.reason()?.is_none(), owner: session.owner(), values })
}

/// The cookie that a browser keeps, unless the header removes one.
fn set(header: &str, session: &Session) -> Option<Cookie> {
    let (cookie, attributes) = header.split_once(';')?;
    let header = cookie.to_owned();
    (!attributes.contains("Max-Age=0")).then_some(Cookie { key: session.key()?, header })
}

const COUNT: &str = "n";
const NAMES: [&str; 2] = ["a", "b"];
