//! Requests with sessions in files, one at a time.

use anyhow::Result;
use fastsession::{KeyRing, SessionManager};
use harness::{Contender, Rounds, Table, quantity};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tower_sessions_014::SessionManagerLayer;
use tower_sessions_file_store::FileSessionStorage;

use crate::axum::{Work, ours, peer_site, site};
use crate::suite::Settings;

/// Prints the table.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let rounds = if settings.is_quick {
        Rounds { rounds: 5, turn: Duration::from_millis(2) }
    } else {
        Rounds { rounds: 101, turn: Duration::from_millis(10) }
    };
    let mut table = Table::new(&["files", "µs", "times this project's time (relaxed)", "allocations"]);
    for work in [Work::Read, Work::Write, Work::Update] {
        let folder = TempDir::new()?;
        let mut contenders = vec![
            ours("fastsession, relaxed", work, folder.path(), "?durability=relaxed")?,
            ours("fastsession, on disk when it answers", work, folder.path(), "")?,
            peer(work, folder.path())?,
        ];
        for measured in rounds.measure(&mut contenders)? {
            table.row([
                format!("{}: {}", work.name(), measured.name),
                quantity(measured.nanoseconds.median / 1e3),
                measured.ratio.to_string(),
                crate::suite::or_dash(measured.allocations),
            ]);
        }
    }
    println!("{table}");
    Ok(())
}

fn ours(name: &str, work: Work, folder: &Path, query: &str) -> Result<Contender> {
    let keys = KeyRing::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")?;
    let url = format!("file:{}{query}", folder.join(format!("ours{}", query.len())).display());
    let store = site::runtime()?.block_on(fastsession::store::open(&url))?;
    site::contender(name, work, ours::site(SessionManager::builder(keys, store).build()?))
}

fn peer(work: Work, folder: &Path) -> Result<Contender> {
    let folder = folder.join("peer");
    std::fs::create_dir(&folder)?;
    let store = FileSessionStorage::new_in_folder(folder);
    let site = peer_site::of_stores::routes().layer(SessionManagerLayer::new(store));
    site::contender("tower-sessions-file-store", work, site)
}
