//! The driver: carries out what the core decides.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fastsession_core::event::EventKind;
use fastsession_core::manager::{Commit, Conflict, Finished, Manager, Pending, Placement, Sources};
use fastsession_core::session::{self, SessionError};
use fastsession_core::store::{Condition, Operation, Outcome, StoreKey};
use fastsession_core::time::UnixTime;
use rand::RngExt as _;

use super::Inner;
use crate::Error;
use crate::store::{Put, Store as _, StoreError};

/// The core's session on a growing buffer.
pub(crate) type CoreSession = session::Session<Vec<u8>>;

/// Phases of it.
pub(crate) type CoreCommit = Commit<Vec<u8>>;
pub(crate) type CoreFinished = Finished<Vec<u8>>;

/// How often a commit is tried again after a conflict. Of requests that collide one gets through each time, so this is
/// how many requests can change one session at once.
const MAX_RETRIES: u32 = 200;
/// From which retry on it waits a little before.
const PATIENT_RETRIES: u32 = 2;

/// What [`Inner::read`] comes to: the session, and the copies of it that were in the request's cookies.
pub(crate) type Read = Result<(CoreSession, Vec<Vec<u8>>), Error>;

/// What [`Inner::load`] comes to.
pub(crate) enum Loading<'a> {
    /// Nobody had to be waited for: the store is this process's memory, or nothing was to be read.
    Loaded(CoreSession),
    /// The store has to be waited for, which gives the copies in the request's cookies as well. All that this takes lies on the
    /// heap: whoever holds it is moved about with every request.
    Waiting(Pin<Box<dyn Future<Output = Read> + Send + 'a>>),
}

/// An update that a conflict makes necessary again.
pub(crate) struct Repeat {
    pub(crate) key: String,
    pub(crate) run: Update,
}

/// Runs on the session, for the key.
type Update = Box<dyn FnMut(&mut CoreSession, &str) -> Result<(), SessionError> + Send>;

impl Inner {
    pub(crate) fn core(&self) -> &Manager {
        &self.core
    }

    /// The session that a request's cookies name.
    pub(crate) fn load<'h>(&self, cookie_headers: impl IntoIterator<Item = &'h [u8]>) -> Loading<'_> {
        let now = self.clock.now();
        if self.core.placement() != Placement::Store {
            let headers: Vec<&[u8]> = cookie_headers.into_iter().collect();
            let copies = self.core.data_cookies(headers.iter().copied()).map(<[u8]>::to_vec).collect();
            return Loading::Waiting(Box::pin(self.read(self.core.open(headers, now), copies)));
        }
        let pending = self.core.open(cookie_headers, now);
        let record = match (pending.key(), self.store.at_once()) {
            (None, _) => Vec::new(),
            (Some(key), Some(store)) => store.get_at_once(key).unwrap_or_default(),
            (Some(_), None) => return Loading::Waiting(Box::pin(self.read(pending, Vec::new()))),
        };
        // Nobody was waited for: the time is still the one that it was opened at.
        Loading::Loaded(self.opened(self.core.resume(pending, record, now)))
    }

    fn opened(&self, session: CoreSession) -> CoreSession {
        if let Some(event) = session.event() {
            self.emit(event);
        }
        session
    }

    /// Reads the record and makes the session of it, or of a copy in cookies, if the placement has them. Gives the copies back.
    pub(crate) async fn read(&self, pending: Pending, copies: Vec<Vec<u8>>) -> Read {
        let record = match pending.key() {
            Some(key) if self.core.placement() != Placement::Cookie => self.get(key).await?,
            _ => Vec::new(),
        };
        let session = if self.core.placement() == Placement::Store {
            // The store may have taken its time, and others may have written meanwhile: by the time when the request came, their
            // record would be from the future.
            self.core.resume(pending, record, self.clock.now())
        } else {
            let has_ended = match pending.ended_key() {
                Some(key) => !self.get(key).await?.is_empty(),
                None => false,
            };
            let sources = Sources { record, copy: Vec::new(), has_ended };
            let copies = copies.iter().map(Vec::as_slice);
            self.core.resume_placed(pending, copies, sources, self.clock.now())
        };
        Ok((self.opened(session), copies))
    }

    /// The time now.
    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// Seals the session and says what is to be written.
    pub(crate) fn commit(&self, session: CoreSession, now: UnixTime) -> Result<CoreCommit, Error> {
        Ok(self.core.commit(session, now, &mut rand::rng())?)
    }

    /// Ends a commit that has nothing left to write.
    pub(crate) fn finish(&self, commit: CoreCommit) -> Result<CoreFinished, Error> {
        let finished = self.core.finish(commit)?;
        if let Some(event) = finished.event() {
            self.emit(event);
        }
        Ok(finished)
    }

    /// The session again, after its commit.
    pub(crate) fn reopen(&self, finished: CoreFinished) -> CoreSession {
        self.core.reopen(finished, self.clock.now())
    }

    /// Carries out a commit, as far as nobody has to be waited for and all goes well; tells whether that is all of it.
    pub(crate) fn write_at_once(&self, commit: &mut CoreCommit) -> bool {
        let Some(store) = self.store.at_once() else { return commit.operation().is_none() };
        while let Some(operation) = commit.operation() {
            match store.apply_at_once(operation) {
                Ok(Outcome::Applied) => commit.applied(),
                Ok(Outcome::Conflict) | Err(_) => return false,
            }
        }
        true
    }

    /// Carries out a commit.
    pub(crate) async fn write(
        self: &Arc<Self>,
        mut commit: CoreCommit,
        mut repeats: Vec<Repeat>,
    ) -> Result<CoreFinished, Error> {
        let mut retries = 0;
        while let Some(operation) = commit.operation() {
            let (Operation::Put { key, .. } | Operation::Delete { key, .. }) = operation;
            match self.apply(operation).await {
                Ok(Outcome::Applied) => commit.applied(),
                Ok(Outcome::Conflict) => {
                    // Rare, and large as a future.
                    commit = Box::pin(self.resolve(commit, &key, &mut repeats, &mut retries)).await?;
                }
                Err(error) if commit.is_optional() => {
                    tracing::warn!(%error, "what may be left out of a session's commit was not done");
                    commit.drop_optional();
                }
                Err(error) => {
                    self.forget(commit.orphan());
                    return Err(error.into());
                }
            }
        }
        self.finish(commit)
    }

    async fn resolve(
        self: &Arc<Self>,
        mut commit: CoreCommit,
        key: &StoreKey,
        repeats: &mut [Repeat],
        retries: &mut u32,
    ) -> Result<CoreCommit, Error> {
        let fresh = match self.get(key).await {
            Ok(fresh) if *retries < MAX_RETRIES => fresh,
            Err(_) if commit.is_optional() => {
                commit.drop_optional();
                return Ok(commit);
            }
            failed => {
                self.forget(commit.orphan());
                return Err(failed.err().unwrap_or(Error::Contended));
            }
        };
        let orphan = commit.orphan();
        let session = match self.core.conflict(commit, fresh, self.clock.now()) {
            Conflict::Continue(commit) => return Ok(commit),
            Conflict::Retry(session) => session,
        };
        self.emit_kind(EventKind::Merged, session.key());
        *retries = retries.saturating_add(1);
        pause(*retries).await;
        repeat(session, repeats)
            .and_then(|session| self.commit(session, self.now()))
            .inspect_err(|_| self.forget(orphan))
    }

    /// Deletes a record that no browser knows of, as far as the store can still be reached. Nobody waits for that.
    fn forget(self: &Arc<Self>, orphan: Option<StoreKey>) {
        if let Some(key) = orphan {
            let this = Arc::clone(self);
            // The error that led here is the one to report.
            tokio::spawn(async move { this.store.delete(&key, Condition::Any).await });
        }
    }

    async fn apply(&self, operation: Operation<'_>) -> Result<Outcome, StoreError> {
        let (Operation::Put { key, .. } | Operation::Delete { key, .. }) = operation;
        let outcome = match operation {
            Operation::Put { key, record, expires_at, condition, filing } => {
                self.store.put(Put { key, record, expires_at, condition, filing }).await
            }
            Operation::Delete { key, condition } => self.store.delete(&key, condition).await,
        };
        outcome.inspect_err(|error| self.store_failed(error, &key))
    }

    async fn get(&self, key: &StoreKey) -> Result<Vec<u8>, Error> {
        let record = self.store.get(key).await.inspect_err(|error| self.store_failed(error, key))?;
        Ok(record.unwrap_or_default())
    }

    fn store_failed(&self, error: &StoreError, key: &StoreKey) {
        tracing::error!(%error, %key, "the session store failed");
        self.emit_kind(EventKind::StoreFailed, Some(*key));
    }
}

/// Runs the updates again that the merged session asks for.
fn repeat(mut session: CoreSession, repeats: &mut [Repeat]) -> Result<CoreSession, Error> {
    let pending: Vec<String> = session.pending_updates().map(str::to_owned).collect();
    for update in repeats.iter_mut().filter(|update| pending.contains(&update.key)) {
        (update.run)(&mut session, &update.key)?;
    }
    Ok(session)
}

/// Lets others finish, for a random time that grows with the retries.
async fn pause(retries: u32) {
    if retries > PATIENT_RETRIES {
        let most = u64::from(retries.min(20));
        let wait = rand::rng().random_range(0..=most);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}
