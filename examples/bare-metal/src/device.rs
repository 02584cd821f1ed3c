//! The loop around the core: it carries out what the phases of a request say. A device's own code looks like this.

use core::fmt;

use cortex_m_semihosting::hprintln;
use fastsession_core::buffer::Full;
use fastsession_core::event::EventKind;
use fastsession_core::manager::{CommitError, ConfigError, Conflict, Finished, Manager};
use fastsession_core::session::SessionError;
use fastsession_core::store::{Operation, Outcome};
use fastsession_core::time::UnixTime;
use fastsession_core::token::{KeyRing, RingError};
use heapless::{Vec, VecView};

use crate::browser::Browser;
use crate::random::DemoRng;
use crate::{LIMIT, Store};

/// A session whose bytes lie in a buffer that somebody lent.
pub(crate) type Session<'b> = fastsession_core::session::Session<&'b mut VecView<u8>>;

/// The buffers of the requests.
pub(crate) struct Buffers {
    pub(crate) first: &'static mut VecView<u8>,
    pub(crate) second: &'static mut VecView<u8>,
    /// Lent only where a record changed while a request had it.
    pub(crate) spare: &'static mut VecView<u8>,
}

/// What the device has for all requests.
pub(crate) struct Device {
    pub(crate) manager: Manager,
    pub(crate) store: &'static Store,
    /// What the device's real-time clock says.
    pub(crate) now: UnixTime,
    pub(crate) rng: DemoRng,
}

impl Device {
    /// The key stands in the program for the demonstration only: a device keeps its own, made from real randomness at
    /// its first start, where it cannot be read out.
    pub(crate) fn new(store: &'static Store) -> Result<Self, Failure> {
        let keys = KeyRing::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")?;
        let manager = Manager::builder(keys).limit(LIMIT).build()?;
        Ok(Self { manager, store, now: UnixTime::from_secs(1_800_000_000), rng: DemoRng::new(1) })
    }

    /// Begins a request: finds the browser's session, or a fresh one.
    pub(crate) fn load<'b>(
        &self,
        browser: &Browser,
        buffer: &'b mut VecView<u8>,
    ) -> Result<Session<'b>, Failure> {
        let pending = self.manager.open(browser.cookie_headers(), self.now);
        buffer.clear();
        if let Some(key) = pending.key() {
            self.store.get(key, self.now, buffer)?;
        }
        Ok(self.manager.resume(pending, buffer, self.now))
    }

    /// Ends a request: stores what it changed and gives the browser its cookie, if there is one to give.
    ///
    /// If another request changed the session meanwhile, `again` repeats this one's updates on the fresh values, in the
    /// `spare` buffer. From its read to its write nothing comes between, hence once is enough.
    pub(crate) fn save<'b>(
        &mut self,
        session: Session<'b>,
        spare: &'b mut VecView<u8>,
        mut again: impl FnMut(&mut Session<'b>) -> Result<(), SessionError>,
        browser: &mut Browser,
    ) -> Result<Option<EventKind>, Failure> {
        match self.attempt(session, Some(spare), browser)? {
            Attempt::Saved(event) => Ok(event),
            Attempt::Merged(mut session) => {
                hprintln!("    merging with what another request stored meanwhile");
                again(&mut session)?;
                match self.attempt(session, None, browser)? {
                    Attempt::Saved(event) => Ok(event),
                    Attempt::Merged(_) => Err(Failure::Busy),
                }
            }
        }
    }

    // Not a part of its caller's frame, which would then hold both attempts.
    #[inline(never)]
    fn attempt<'b>(
        &mut self,
        session: Session<'b>,
        mut spare: Option<&'b mut VecView<u8>>,
        browser: &mut Browser,
    ) -> Result<Attempt<'b>, Failure> {
        let mut commit = self.manager.commit(session, self.now, &mut self.rng)?;
        while let Some(operation) = commit.operation() {
            let (Operation::Put { key, .. } | Operation::Delete { key, .. }) = operation;
            match self.store.apply(&operation, self.now)? {
                Outcome::Applied => commit.applied(),
                Outcome::Conflict => {
                    let fresh = spare.take().ok_or(Failure::Busy)?;
                    self.store.get(&key, self.now, fresh)?;
                    match self.manager.conflict(commit, fresh, self.now) {
                        Conflict::Continue(next) => commit = next,
                        Conflict::Retry(session) => return Ok(Attempt::Merged(session)),
                    }
                }
            }
        }
        let finished = self.manager.finish(commit)?;
        self.send(&finished, browser)?;
        Ok(Attempt::Saved(finished.event().map(|event| event.kind)))
    }

    fn send(&self, finished: &Finished<&mut VecView<u8>>, browser: &mut Browser) -> Result<(), Failure> {
        for cookie in self.manager.cookies(finished) {
            let mut header = Vec::new();
            cookie.append_to(&mut header)?;
            browser.receive(header);
        }
        Ok(())
    }
}

/// What an attempt to save a session comes to.
#[expect(clippy::large_enum_variant, reason = "there is no heap to put a session in")]
enum Attempt<'b> {
    Saved(Option<EventKind>),
    /// The fresh session with the request's changes, to be saved again.
    Merged(Session<'b>),
}

/// What can go wrong.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The settings.
    Config(ConfigError),
    /// The keys.
    Keys(RingError),
    /// A buffer or the store: answer 503.
    Full,
    /// The session changed again and again: answer 503.
    Busy,
    /// The session was asked for something that it cannot do.
    Session(SessionError),
    /// The session cannot be committed.
    Commit(CommitError),
    /// A step came to something else than it should.
    Step(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Keys(error) => error.fmt(f),
            Self::Full => Full.fmt(f),
            Self::Busy => f.write_str("the session changed again and again"),
            Self::Session(error) => error.fmt(f),
            Self::Commit(error) => error.fmt(f),
            Self::Step(what) => f.write_str(what),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<RingError> for Failure {
    fn from(error: RingError) -> Self {
        Self::Keys(error)
    }
}

impl From<Full> for Failure {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        Self::Commit(error)
    }
}
