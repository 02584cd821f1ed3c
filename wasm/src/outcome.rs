//! What a commit comes to, for the driver.

use alloc::vec::Vec;

use fastsession_core::manager::{Commit, CommitError, Conflict, Manager};
use fastsession_core::session::Session;
use fastsession_core::store::{Condition, Operation};
use fastsession_core::time::UnixTime;

use crate::failure::Failure;
use crate::message::{Reader, Writer};
use crate::random::HostRandom;
use crate::state;

/// Writes one operation. The order is the same in js/src/core/phases.ts.
fn write(out: &mut Writer, operation: Operation<'_>) {
    let (key, record, expires_at, condition, filing) = match operation {
        Operation::Put { key, record, expires_at, condition, filing } => {
            (key, Some(record), expires_at, condition, filing)
        }
        Operation::Delete { key, condition } => (key, None, UnixTime::from_secs(0), condition, None),
    };
    out.text(&key.to_hex());
    out.optional_bytes(record);
    out.number(expires_at.as_secs());
    match &condition {
        Condition::Any => out.nothing(),
        Condition::Absent => out.flag(false),
        Condition::Matches(tag) => out.bytes(tag.as_bytes()),
    }
    out.optional(filing, |out, filing| {
        out.begin_list();
        out.text(&filing.owner.to_hex());
        out.bytes(filing.entry);
        out.flag(filing.is_new);
        out.number(filing.until.as_secs());
        out.end_list();
    });
}

/// What is asked of a commit.
pub(crate) struct Request<'a> {
    pub(crate) session: Session<Vec<u8>>,
    pub(crate) now: UnixTime,
    pub(crate) random: &'a [u8],
    /// Whether the session is to be taken up again afterwards.
    pub(crate) reopen: bool,
}

/// Commits, goes through the conflicts that were met so far, and writes what is to be done next: to apply operations
/// and send cookies, or to commit the merged session.
///
/// A conflict is how many operations were applied before it, the record that the store holds, and the time. The commit is
/// made anew from the same session and the same randomness each time, so that nothing has to be kept between the calls; conflicts
/// are rare.
pub(crate) fn commit(
    manager: &Manager,
    request: Request<'_>,
    met: &mut Reader<'_>,
    out: &mut Writer,
) -> Result<(), Failure> {
    let Request { session, now, random, reopen } = request;
    let mut random = HostRandom::new(random)?;
    let mut commit = manager.commit(session, now, &mut random)?;
    random.check()?;
    for _ in 0..met.length() {
        met.length();
        for _ in 0..met.number() {
            met.check()?;
            commit.applied();
        }
        let fresh = met.bytes().to_vec();
        let now = UnixTime::from_secs(met.number());
        met.check()?;
        match manager.conflict(commit, fresh, now) {
            Conflict::Continue(next) => commit = next,
            Conflict::Retry(session) => {
                out.flag(true);
                return state::finish(out, &session, None);
            }
        }
    }
    outcome(manager, commit, now, reopen, out)
}

fn outcome(
    manager: &Manager,
    mut commit: Commit<Vec<u8>>,
    now: UnixTime,
    reopen: bool,
    out: &mut Writer,
) -> Result<(), Failure> {
    out.flag(false);
    out.optional_key(commit.orphan().as_ref());
    out.begin_list();
    while let Some(operation) = commit.operation() {
        out.begin_list();
        write(out, operation);
        out.flag(commit.is_optional());
        out.end_list();
        commit.applied();
    }
    out.end_list();
    let finished = match manager.finish(commit) {
        Ok(finished) => finished,
        // To be told once the operations are applied.
        Err(CommitError::Session(error)) => {
            out.begin_list();
            Failure::from(error).write(out);
            out.end_list();
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    out.nothing();
    out.list(manager.cookies(&finished), |out, cookie| out.utf8(&cookie.to_bytes()));
    let event = finished.event();
    out.optional_text(event.map(|event| event.kind.name()));
    out.optional_key(event.and_then(|event| event.key).as_ref());
    if reopen { state::finish(out, &manager.reopen(finished, now), None) } else { Ok(()) }
}
