//! A session on its way to the driver: its facts, its values, and all of it as bytes for the next phase.

use alloc::vec::Vec;

use fastsession_core::manager::Pending;
use fastsession_core::session::{Reason, Session};
use fastsession_core::time::UnixTime;

use crate::failure::Failure;
use crate::message::Writer;

/// Writes what the driver is told of a session. The order is the same in js/src/core/phases.ts.
#[inline(never)]
pub(crate) fn finish(
    out: &mut Writer,
    session: &Session<Vec<u8>>,
    csrf: Option<&str>,
) -> Result<(), Failure> {
    out.list(session.values(), write_value);
    out.list(session.flash_values(), write_value);
    out.optional_text(session.reason().map(Reason::name));
    out.optional_text(session.event().map(|event| event.kind.name()));
    out.optional_key(session.key().as_ref());
    out.optional_text(session.owner());
    out.text(session.label());
    out.number(session.created().as_secs());
    out.number(session.last_seen().as_secs());
    out.number(session.expires_at().as_secs());
    out.optional_number(session.authenticated_at().map(UnixTime::as_secs));
    out.flag(session.needs_cookie());
    out.list(session.pending_updates(), Writer::text);
    out.optional_text(csrf);
    out.appended(|buffer| session.park(buffer))
}

/// Writes the phase after `open`.
#[inline(never)]
pub(crate) fn finish_pending(out: &mut Writer, pending: &Pending) -> Result<(), Failure> {
    out.optional_key(pending.key());
    out.optional_key(pending.ended_key());
    out.appended(|buffer| pending.park(buffer))
}

fn write_value(out: &mut Writer, (key, value): (&str, &[u8])) {
    out.text(key);
    out.bytes(value);
}
