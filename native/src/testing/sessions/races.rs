//! Many requests of one session at the same time, on two handles.

use std::sync::Arc;

use fastsession_core::store::StoreKey;
use tokio::task::JoinSet;

use super::super::failure::{Checked, Failure, ensure, ensure_eq};
use super::super::random::Random;
use super::super::subject::Subject;
use super::table::manager_on;
use crate::store::{DynStore, ManualClock, Store as _};
use crate::{Error, Session, SessionManager};

const REQUESTS: u64 = 64;

/// 64 requests count in one session: every count is there in the end, and what each of them has inserted.
pub async fn sessions_lose_no_update<S: Subject>(subject: &S) -> Checked {
    let Some(site) = Site::open(subject).await? else { return Ok(()) };
    let cookie = site.sign_in().await?;
    let mut tasks = JoinSet::new();
    for (number, session) in (0..).zip(site.begin(&cookie).await?) {
        tasks.spawn(async move {
            Random::seeded(number).stumble().await;
            count(&session)?;
            session.insert(&number.to_string(), &number)?;
            Ok::<_, Failure>(session.commit().await?)
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ensure_eq!(ended??, [""; 0], "the cookies of a request that has only changed values");
    }
    let session = site.load(&cookie).await?;
    ensure_eq!(session.get::<u64>(COUNT)?, Some(REQUESTS), "what {REQUESTS} requests have counted");
    for number in 0..REQUESTS {
        ensure_eq!(session.get(&number.to_string())?, Some(number), "what request {number} has inserted");
    }
    Ok(())
}

/// One request ends the session in one of the ways there are, 63 change, rotate and sign in to it: it is over, or lives
/// on in the one rotation that came before, if it was not all that was ended.
pub async fn sessions_stay_ended<S: Subject>(subject: &S) -> Checked {
    let Some(site) = Site::open(subject).await? else { return Ok(()) };
    for round in 0..2 {
        for end in [End::SignOut, End::One, End::Others, End::All] {
            site.race(Some(end), round).await.map_err(|failure| failure.within(&format!("{end:?}")))?;
        }
    }
    Ok(())
}

/// Of 64 requests that change, rotate and sign in to a session, one gets to move it.
pub async fn sessions_stay_one<S: Subject>(subject: &S) -> Checked {
    let Some(site) = Site::open(subject).await? else { return Ok(()) };
    for round in 0..2 {
        site.race(None, round).await?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    SignOut,
    One,
    Others,
    All,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counts,
    Rotates,
    SignsIn,
    Ends(End),
}

/// What has become of a request: the header of a new cookie.
type Told = (Kind, Result<Option<String>, Error>);

/// Two servers on one engine, and a user that nobody else knows.
struct Site {
    managers: [SessionManager; 2],
    user: Arc<str>,
}

impl Site {
    async fn open<S: Subject>(subject: &S) -> Result<Option<Self>, Failure> {
        let (one, other) = (DynStore::new(subject.open().await), DynStore::new(subject.open().await));
        if !one.capabilities().owners {
            return Ok(None);
        }
        let clock = ManualClock::new(subject.now());
        let managers = [manager_on(one, &clock)?, manager_on(other, &clock)?];
        Ok(Some(Self { managers, user: super::super::random::key().to_hex().as_str().into() }))
    }

    async fn load(&self, cookie: &str) -> Result<Session, Error> {
        let [_, manager] = &self.managers;
        manager.load([cookie.as_bytes()]).await
    }

    /// The cookie of a new session of the user's.
    async fn sign_in(&self) -> Result<String, Failure> {
        let [manager, _] = &self.managers;
        let session = manager.load([]).await?;
        session.sign_in(&self.user)?;
        let cookie = session.commit().await?.first().and_then(|header| value(header));
        cookie.ok_or_else(|| Failure::new("a sign-in has set no cookie"))
    }

    /// Requests that have all loaded their session before one of them goes on.
    async fn begin(&self, cookie: &str) -> Result<Vec<Session>, Failure> {
        let mut sessions = Vec::new();
        for (manager, _) in self.managers.iter().cycle().zip(0..REQUESTS) {
            let session = manager.load([cookie.as_bytes()]).await?;
            ensure_eq!(session.reason()?, None, "why a session cannot be loaded that was just stored");
            sessions.push(session);
        }
        Ok(sessions)
    }

    async fn race(&self, end: Option<End>, round: u64) -> Checked {
        let cookie = self.sign_in().await?;
        let sessions = self.begin(&cookie).await?;
        // Somewhere in between, since those before it have a head start.
        let ends_at = Random::seeded(round.wrapping_add(500)).below(REQUESTS / 4);
        let mut tasks: JoinSet<Told> = JoinSet::new();
        for (number, session) in (0..).zip(sessions) {
            let kind = match (number % 4, end) {
                (_, Some(end)) if number == ends_at => Kind::Ends(end),
                (2, _) => Kind::Rotates,
                (3, _) => Kind::SignsIn,
                _ => Kind::Counts,
            };
            let (user, stream) = (Arc::clone(&self.user), round.wrapping_mul(REQUESTS).wrapping_add(number));
            tasks.spawn(async move {
                Random::seeded(stream).stumble().await;
                (kind, request(&session, kind, &user).await)
            });
        }
        let mut told = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            told.push(ended?);
        }
        self.judge(&cookie, end, told).await
    }

    async fn judge(&self, cookie: &str, end: Option<End>, told: Vec<Told>) -> Checked {
        let (mut counted, mut moved, mut cookies) = (0_u64, 0_u64, vec![cookie.to_owned()]);
        for (kind, result) in told {
            match result {
                Ok(cookie) => {
                    cookies.extend(cookie);
                    counted = counted.saturating_add((!matches!(kind, Kind::Ends(_))).into());
                    moved = moved.saturating_add(matches!(kind, Kind::Rotates | Kind::SignsIn).into());
                }
                Err(Error::Ended) if !matches!(kind, Kind::Ends(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        ensure!(moved <= 1, "a session was moved {moved} times at once: there are as many of it");
        let mut live: Vec<StoreKey> = Vec::new();
        for cookie in &cookies {
            let session = self.load(cookie).await?;
            if session.reason()?.is_none() {
                ensure_eq!(
                    session.get::<u64>(COUNT)?,
                    Some(counted),
                    "what the requests have counted that succeeded"
                );
                live.extend(session.key());
            }
        }
        let expected = match end {
            // Whoever ended one session by its handle ended the one that it was then.
            Some(End::SignOut | End::One) => moved,
            Some(End::Others | End::All) => 0,
            None => 1,
        };
        ensure_eq!(live.len() as u64, expected, "how many sessions there are of one");
        let [manager, _] = &self.managers;
        let listed: Vec<_> =
            manager.list(&self.user).await?.into_iter().map(|listing| listing.handle).collect();
        ensure_eq!(listed, live, "the user's list");
        ensure_eq!(manager.end_all(&self.user).await?, expected, "how many sessions were ended afterwards");
        Ok(())
    }
}

async fn request(session: &Session, kind: Kind, user: &str) -> Result<Option<String>, Error> {
    if !matches!(kind, Kind::Ends(_)) {
        count(session)?;
    }
    match kind {
        Kind::Counts => {}
        Kind::Rotates => session.rotate()?,
        Kind::SignsIn => session.sign_in(user)?,
        Kind::Ends(End::SignOut) => session.destroy()?,
        Kind::Ends(End::One) => {
            if let Some(handle) = session.key() {
                session.manager().end(user, &handle).await?;
            }
        }
        Kind::Ends(End::Others) => {
            // The one to keep is none of these.
            session.manager().end_others(user, &super::super::random::key()).await?;
        }
        Kind::Ends(End::All) => {
            session.manager().end_all(user).await?;
        }
    }
    Ok(session.commit().await?.first().and_then(|header| value(header)))
}

fn count(session: &Session) -> Result<(), Error> {
    session.update(COUNT, |n: Option<u64>| n.unwrap_or(0).saturating_add(1))?;
    Ok(())
}

/// The cookie that a browser keeps.
fn value(header: &str) -> Option<String> {
    let (cookie, attributes) = header.split_once(';')?;
    (!attributes.contains("Max-Age=0")).then(|| cookie.to_owned())
}

const COUNT: &str = "n";
