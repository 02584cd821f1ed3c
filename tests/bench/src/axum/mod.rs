//! A request with an existing session, kept in memory, against the same request without sessions.

mod actix;
pub(crate) mod ours;
pub(crate) mod peer_site;
pub(crate) mod site;
mod tower_sessions;

pub(crate) use self::site::next;
use anyhow::Result;
use axum::http::Method;
use harness::{Counter, Measured, Spread, Table, quantity};

use crate::suite::{Case, Outcome, Settings, or_dash};

/// What a handler does with the session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Nothing: it does not ask for it.
    Untouched,
    /// Reads a number.
    Read,
    /// Writes another number.
    Write,
    /// Reads the number and writes the next one.
    Update,
    /// Writes another number, in a POST request.
    Post,
}

impl Work {
    const ALL: [Self; 5] = [Self::Untouched, Self::Read, Self::Write, Self::Update, Self::Post];

    /// The route that does it.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Untouched => "/untouched",
            Self::Read => "/read",
            Self::Write | Self::Post => "/write",
            Self::Update => "/update",
        }
    }

    pub(crate) const fn method(self) -> Method {
        if matches!(self, Self::Post) { Method::POST } else { Method::GET }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Untouched => "not touched",
            Self::Read => "read",
            Self::Write => "written (GET)",
            Self::Update => "read and written (GET)",
            Self::Post => "written (POST)",
        }
    }
}

/// What the first contender of a case is called, and the first of actix.
const BARE: &str = "axum without sessions";
const BARE_ACTIX: &str = "actix-web without sessions";

/// One for each work.
pub(crate) fn cases() -> Vec<Case> {
    let case = |work: Work| {
        Case::new(work.name(), move || {
            Ok(vec![
                site::bare(work)?,
                ours::contender(work)?,
                tower_sessions::plain(work)?,
                tower_sessions::signed(work)?,
                tower_sessions::private(work)?,
                actix::bare(work)?,
                actix::cookie(work)?,
            ])
        })
    };
    Work::ALL.into_iter().map(case).collect()
}

/// Prints the table.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let mut table = Table::new(&[
        "session",
        "ns more than without",
        "this project's overhead over its",
        "allocations more",
        "instructions more",
    ]);
    let mut counter = Counter::new(settings.counts_instructions);
    for case in cases() {
        let name = case.name.clone();
        let outcomes = case.run(settings, &mut counter)?;
        let find = |name: &str| outcomes.iter().find(|it| it.measured.name == name);
        let (Some(bare), Some(bare_actix), Some(ours)) = (find(BARE), find(BARE_ACTIX), find(ours::NAME))
        else {
            anyhow::bail!("a contender is missing");
        };
        let our_overhead = overhead(&ours.measured, &bare.measured);
        for Outcome { measured, instructions } in &outcomes {
            let base = if measured.name.starts_with("actix") { bare_actix } else { bare };
            let is_base = measured.name == base.measured.name;
            let own = overhead(measured, &base.measured);
            let ratio = Spread::of(our_overhead.iter().zip(&own).map(|(ours, own)| ours / own));
            let less = |own: Option<f64>, base: Option<f64>| {
                or_dash(own.zip(base).map(|(own, base)| if is_base { own } else { own - base }))
            };
            table.row([
                format!("{name}: {}", measured.name),
                if is_base {
                    format!("({} in all)", quantity(measured.nanoseconds.median))
                } else {
                    Spread::of(own.iter().copied()).to_string()
                },
                if is_base { "–".to_owned() } else { ratio.to_string() },
                less(measured.allocations, base.measured.allocations),
                less(*instructions, base.instructions),
            ]);
        }
    }
    println!("{table}");
    Ok(())
}

/// What the requests took beyond those without sessions, round by round.
fn overhead(measured: &Measured, bare: &Measured) -> Vec<f64> {
    measured.times.iter().zip(&bare.times).map(|(own, bare)| own - bare).collect()
}
