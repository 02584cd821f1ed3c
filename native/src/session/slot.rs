//! Where a request's session waits between its handler and its commit.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fastsession_core::manager::{Pending, Placement};
use spin::Yield;
use spin::mutex::{SpinMutex, SpinMutexGuard};
use tokio::sync::Notify;
use tracing::Instrument as _;

use crate::manager::{CoreCommit, CoreFinished, CoreSession, Repeat, SessionManager};
use crate::{Error, SessionError};

/// One request's session, and how far it has come. One lock guards all of it, and is never held across an await.
pub(crate) struct Slot {
    manager: SessionManager,
    /// Two tasks of one request hardly ever meet here; whoever waits lets other threads run. To let go of a lock like this takes
    /// no locked instruction, of which a request would otherwise need half a dozen.
    state: SpinMutex<State, Yield>,
    /// Whether anybody has asked for the session: handlers with several extractors do, and need no lock to see that.
    is_opened: AtomicBool,
    /// The thread that runs a closure on the session, 0 for none: it must not wait for itself.
    user: AtomicUsize,
}

struct State {
    phase: Phase,
    session: Option<CoreSession>,
    /// A commit that the session is to be taken up from again, if anybody asks for it: that opens the record.
    finished: Option<CoreFinished>,
    repeats: Vec<Repeat>,
    cookies: Vec<String>,
    /// What the browser's data cookies hold, those of this request's last save above all; nothing where sessions are in the
    /// store alone.
    copies: Vec<Vec<u8>>,
    /// Who waits for the end of a save, if one is under way: it goes on by itself.
    saving: Option<Arc<Notify>>,
    /// How many commits have taken the session with them.
    commits: u64,
    /// What to read again after a save that failed once the response had begun. On the heap, since hardly any request has it and all
    /// take room for it.
    again: Option<Box<Pending>>,
    /// Whether the session that the last commit took was destroyed: it must not be read again.
    is_destroyed: bool,
}

/// How far a request's session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody has asked for it.
    Unopened,
    /// It can be changed; the response is to come.
    Open,
    /// The response is on its way.
    Committed,
    /// It was taken up again after that.
    Detached,
    /// A commit failed: its changes are not stored, or nobody knows whether they are.
    Failed,
}

/// What [`Slot::begin`] has begun.
pub(crate) struct Begun {
    /// Whether the session was opened at all.
    pub(crate) was_read: bool,
    /// Whether a save is under way, so that nothing was begun: wait for [`Slot::saved`].
    pub(crate) is_saving: bool,
    /// Whether there is anything for [`Slot::take_cookies`] to take.
    pub(crate) has_cookies: bool,
    /// Writes to carry out, if any.
    pub(crate) job: Option<Job>,
}

/// Writes to carry out.
pub(crate) struct Job {
    commit: CoreCommit,
    repeats: Vec<Repeat>,
}

/// What to read again.
struct Reread {
    pending: Pending,
    /// What the browser's data cookies hold.
    copies: Vec<Vec<u8>>,
    /// How many commits there were before.
    commits: u64,
}

impl Slot {
    pub(crate) fn new(manager: SessionManager) -> Self {
        let state = State {
            phase: Phase::Unopened,
            session: None,
            finished: None,
            repeats: Vec::new(),
            cookies: Vec::new(),
            copies: Vec::new(),
            saving: None,
            commits: 0,
            again: None,
            is_destroyed: false,
        };
        Self {
            manager,
            state: SpinMutex::new(state),
            is_opened: AtomicBool::new(false),
            user: AtomicUsize::new(0),
        }
    }

    pub(crate) fn manager(&self) -> &SessionManager {
        &self.manager
    }

    pub(crate) fn is_opened(&self) -> bool {
        self.is_opened.load(Ordering::Relaxed)
    }

    /// Puts the session in that was read, and the copies that the request's cookies held; of two readers the first one
    /// counts.
    pub(crate) fn opened(&self, session: CoreSession, copies: Vec<Vec<u8>>) {
        let mut state = self.lock();
        if state.phase == Phase::Unopened {
            state.phase = Phase::Open;
            state.session = Some(session);
            state.copies = copies;
            self.is_opened.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&CoreSession) -> R) -> Result<R, SessionError> {
        let mut state = self.lock_for_user()?;
        self.take_up(&mut state);
        state.session.as_ref().map(look).ok_or(SessionError::Committed)
    }

    /// Works on a session that may be changed.
    pub(crate) fn change<R>(
        &self,
        change: impl FnOnce(&mut CoreSession) -> Result<R, SessionError>,
    ) -> Result<R, SessionError> {
        self.change_with_repeats(|session, _| change(session))
    }

    pub(crate) fn change_with_repeats<R>(
        &self,
        change: impl FnOnce(&mut CoreSession, &mut Vec<Repeat>) -> Result<R, SessionError>,
    ) -> Result<R, SessionError> {
        let mut state = self.lock_for_user()?;
        self.take_up(&mut state);
        let State { phase: Phase::Open | Phase::Detached, session: Some(session), repeats, .. } = &mut *state
        else {
            return Err(SessionError::Committed);
        };
        change(session, repeats)
    }

    /// Seals the session. Without anything to write this is all of its commit.
    pub(crate) fn begin(&self, discard: bool, next: Phase) -> Result<Begun, Error> {
        let mut state = self.lock();
        let was_read = state.phase != Phase::Unopened;
        let has_cookies = !state.cookies.is_empty();
        let nothing = Begun { was_read, is_saving: false, has_cookies, job: None };
        match state.phase {
            Phase::Open | Phase::Detached => {}
            Phase::Failed => return Err(Error::Unsaved),
            Phase::Unopened | Phase::Committed => {
                return Ok(Begun { is_saving: state.saving.is_some(), ..nothing });
            }
        }
        self.take_up(&mut state);
        let Some(session) = &mut state.session else { return Ok(nothing) };
        if discard {
            session.discard_changes();
        }
        let inner = self.manager.inner();
        let now = inner.now();
        if inner.core().settle(session, now) {
            state.phase = next;
            return Ok(nothing);
        }
        let repeats = std::mem::take(&mut state.repeats);
        let Some(session) = state.session.take() else { return Ok(nothing) };
        state.is_destroyed = session.is_destroyed();
        state.again = (next == Phase::Detached).then(|| Box::new(inner.core().reload(&session)));
        state.commits = state.commits.wrapping_add(1);
        state.phase = Phase::Committed;
        if next != Phase::Committed {
            state.saving = Some(Arc::default());
        }
        drop(state);
        let unfinished = Unfinished(self);
        let mut commit = inner.commit(session, now)?;
        if !inner.write_at_once(&mut commit) {
            std::mem::forget(unfinished);
            return Ok(Begun { job: Some(Job { commit, repeats }), ..nothing });
        }
        let finished = inner.finish(commit)?;
        std::mem::forget(unfinished);
        Ok(Begun { has_cookies: self.finished(finished, next), ..nothing })
    }

    /// Stores the changes, after those of a save that is under way.
    pub(crate) async fn commit(self: &Arc<Self>, discard: bool) -> Result<(), Error> {
        loop {
            self.saved().await;
            let Begun { is_saving, job, .. } = self.begin(discard, Phase::Committed)?;
            match job {
                Some(job) => return self.carry_out(job, Phase::Committed).await,
                None if is_saving => {}
                None => return Ok(()),
            }
        }
    }

    /// Stores the changes of a request that goes on, after those of a save that is under way.
    pub(crate) async fn save(self: &Arc<Self>) -> Result<(), Error> {
        loop {
            self.saved().await;
            let Some(next) = self.check_saveable()? else { continue };
            let Begun { is_saving, job, .. } = self.begin(false, next)?;
            match job {
                Some(job) => return self.carry_out(job, next).await,
                None if is_saving => {}
                None => return Ok(()),
            }
        }
    }

    /// Ends when no save is under way.
    async fn saved(&self) {
        loop {
            let Some(saved) = self.lock().saving.clone() else { return };
            let notified = saved.notified();
            // It may have ended before there was somebody to tell.
            let goes_on = self.lock().saving.as_ref().is_some_and(|saving| Arc::ptr_eq(saving, &saved));
            if goes_on {
                notified.await;
            }
        }
    }

    /// Carries out what [`Self::begin`] has begun: whatever happens to the caller if something ends with it, or if it is a
    /// save, which the response waits for.
    pub(crate) async fn carry_out(self: &Arc<Self>, job: Job, next: Phase) -> Result<(), Error> {
        if !job.commit.must_finish() && next == Phase::Committed {
            return self.write(job, next).await;
        }
        let this = Arc::clone(self);
        let writing = async move { this.write(job, next).await };
        let unfinished = Unfinished(self);
        let task = tokio::spawn(writing.in_current_span());
        std::mem::forget(unfinished);
        task.await.unwrap_or_else(|error| {
            if let Ok(panic) = error.try_into_panic() {
                std::panic::resume_unwind(panic);
            }
            // It may never have begun.
            self.fail();
            Err(Error::ShutDown)
        })
    }

    async fn write(&self, job: Job, next: Phase) -> Result<(), Error> {
        let unfinished = Unfinished(self);
        let finished = self.manager.inner().write(job.commit, job.repeats).await?;
        std::mem::forget(unfinished);
        let has_lost_changes = finished.has_lost_changes();
        self.finished(finished, next);
        if has_lost_changes { Err(Error::Ended) } else { Ok(()) }
    }

    fn fail(&self) {
        let mut state = self.lock();
        state.phase = Phase::Failed;
        state.end_save();
    }

    /// Ends a commit; tells whether there are cookies, of this one or an earlier one.
    fn finished(&self, finished: CoreFinished, next: Phase) -> bool {
        let inner = self.manager.inner();
        let cookies =
            inner.core().cookies(&finished).filter_map(|cookie| String::from_utf8(cookie.to_bytes()).ok());
        let cookies: Vec<String> = cookies.collect();
        let mut state = self.lock();
        state.phase = next;
        state.finished = Some(finished);
        state.end_save();
        if cookies.is_empty() {
            return !state.cookies.is_empty();
        }
        // Up to its attributes, a cookie is written as the browser will send it.
        let copies = inner.core().data_cookies(cookies.iter().map(String::as_bytes));
        let copies: Vec<Vec<u8>> = copies.map(<[u8]>::to_vec).collect();
        if !copies.is_empty() {
            state.copies = copies;
        }
        // An earlier commit of this request may have made a cookie of the same name.
        let name = |cookie: &str| cookie.split('=').next().map(str::to_owned);
        state.cookies.retain(|old| !cookies.iter().any(|new| name(new) == name(old)));
        state.cookies.extend(cookies);
        true
    }

    pub(crate) fn take_cookies(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().cookies)
    }

    /// The phase that a save leaves the session in; `None` if another save is under way.
    fn check_saveable(&self) -> Result<Option<Phase>, Error> {
        let mut state = self.lock();
        self.take_up(&mut state);
        match (state.phase, &state.session) {
            _ if state.saving.is_some() => Ok(None),
            (Phase::Open, Some(_)) => Ok(Some(Phase::Open)),
            (Phase::Detached, Some(session)) if session.needs_cookie() => Err(Error::ResponseSent),
            (Phase::Detached, Some(_)) => Ok(Some(Phase::Detached)),
            (Phase::Failed, _) => Err(Error::Unsaved),
            _ => Err(SessionError::Committed.into()),
        }
    }

    /// Reads the session again. The old one stays where it is until that has succeeded.
    pub(crate) async fn reload(&self) -> Result<(), Error> {
        loop {
            self.saved().await;
            let Some(Reread { pending, copies, commits }) = self.begin_reload()? else { continue };
            let (session, _) = self.manager.inner().read(pending, copies).await?;
            if self.reloaded(session, commits)? {
                return Ok(());
            }
            // A commit of the same session was quicker, and what was read may be from before it.
        }
    }

    /// What to read; `None` if a save is under way.
    fn begin_reload(&self) -> Result<Option<Reread>, Error> {
        let core = self.manager.inner().core();
        let mut state = self.lock();
        self.take_up(&mut state);
        if state.saving.is_some() {
            return Ok(None);
        }
        if core.placement() == Placement::Cookie && !matches!(state.phase, Phase::Open | Phase::Failed) {
            return Err(Error::ResponseSent);
        }
        let pending = match (&state.session, &state.again) {
            (Some(session), _) if session.is_destroyed() => return Err(SessionError::Destroyed.into()),
            (Some(session), _) => core.reload(session),
            (None, _) if state.is_destroyed => return Err(SessionError::Destroyed.into()),
            (None, Some(pending)) if state.phase == Phase::Failed => Pending::clone(pending),
            (None, _) if state.phase == Phase::Failed => return Err(Error::Unsaved),
            (None, _) => return Err(SessionError::Committed.into()),
        };
        Ok(Some(Reread { pending, copies: state.copies.clone(), commits: state.commits }))
    }

    /// Goes on with the session that was read again; `false` if it was committed meanwhile.
    fn reloaded(&self, session: CoreSession, commits: u64) -> Result<bool, SessionError> {
        let mut state = self.lock();
        if state.commits != commits {
            return Ok(false);
        }
        if state.session.as_ref().is_some_and(CoreSession::is_destroyed) {
            // Whoever signed out meanwhile must stay signed out.
            return Err(SessionError::Destroyed);
        }
        state.repeats.clear();
        state.session = Some(session);
        if state.phase != Phase::Open {
            state.phase = Phase::Detached;
        }
        Ok(true)
    }

    /// Goes on after a commit.
    fn take_up(&self, state: &mut State) {
        if let Some(finished) = state.finished.take() {
            state.session = Some(self.manager.inner().reopen(finished));
        }
    }

    fn lock(&self) -> SpinMutexGuard<'_, State, Yield> {
        self.state.lock()
    }

    /// Locks for as long as somebody else's code runs, which must not come back here.
    fn lock_for_user(&self) -> Result<UserLock<'_>, SessionError> {
        let thread = thread_mark();
        if self.user.load(Ordering::Relaxed) == thread {
            return Err(SessionError::InUse);
        }
        let state = self.lock();
        self.user.store(thread, Ordering::Relaxed);
        Ok(UserLock { state, user: &self.user })
    }
}

impl State {
    fn end_save(&mut self) {
        if let Some(saving) = self.saving.take() {
            saving.notify_waiters();
        }
    }
}

/// A commit that fails, panics, or is given up by its caller unless this is forgotten: nobody knows then whether it is stored.
struct Unfinished<'s>(&'s Slot);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.fail();
    }
}

struct UserLock<'s> {
    state: SpinMutexGuard<'s, State, Yield>,
    user: &'s AtomicUsize,
}

impl Deref for UserLock<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for UserLock<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for UserLock<'_> {
    fn drop(&mut self) {
        self.user.store(0, Ordering::Relaxed);
    }
}

/// A number that no other living thread has: the address of something of this thread's own.
fn thread_mark() -> usize {
    thread_local! {
        static MARK: u8 = const { 0 };
    }
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

/// A request that was given up, by a panic or because its client left, must still sign out whoever asked for that.
impl Drop for Slot {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let is_left = matches!(state.phase, Phase::Open | Phase::Detached)
            && state.session.as_ref().is_some_and(CoreSession::is_destroyed);
        let (true, Some(session)) = (is_left, state.session.take()) else { return };
        let inner = Arc::clone(self.manager.inner());
        let (Ok(runtime), Ok(commit)) =
            (tokio::runtime::Handle::try_current(), inner.commit(session, inner.now()))
        else {
            return;
        };
        runtime.spawn(async move {
            // The store's failure was logged; nobody is left to be told.
            let _ = inner.write(commit, Vec::new()).await;
        });
    }
}
