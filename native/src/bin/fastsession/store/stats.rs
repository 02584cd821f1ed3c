//! `fastsession store stats`

use clap::Args;
use fastsession::store::Store as _;
use serde_json::json;

use super::progress::Shown;
use super::source::StoreSource;
use crate::failure::Failure;
use crate::stdio;

const EXAMPLES: &str = "Example:
  fastsession store stats --store redis://127.0.0.1 --json
  {\"engine\":\"Redis\",\"sessions\":1204,\"over\":null,\"unreadable\":0,\"users\":377,\"bytes\":801942}

It looks at every session's header, and needs no key. null: the engine cannot tell, as Redis, which removes what is over \
by itself. Unreadable are sessions that another version wrote, or that are torn; databases cannot tell. Bytes are those of the sealed sessions and of users' lists, not what the engine needs besides.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: StoreSource,
    /// Write one JSON object: engine, sessions, over, unreadable, users, bytes
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let store = self.store.open_to_read().await?;
        let shown = Shown::start("counted");
        let stats = store.stats(shown.progress()).await;
        shown.finish();
        let stats = stats.map_err(|error| Failure::Untried(error.to_string()))?;
        let engine = store.engine();
        if self.json {
            let stats = json!({
                "engine": engine,
                "sessions": stats.records,
                "expired": stats.expired,
                "unreadable": stats.unreadable,
                "users": stats.owners,
                "bytes": stats.bytes,
            });
            return stdio::write_line(&stats.to_string());
        }
        let told = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        stdio::write_line(&format!(
            "engine:      {engine}\n\
             sessions:    {}\n\
             over:        {} (not purged yet)\n\
             unreadable:  {} (torn, or another version's)\n\
             users:       {}\n\
             bytes:       {}",
            stats.records,
            told(stats.expired),
            told(stats.unreadable),
            told(stats.owners),
            told(stats.bytes),
        ))
    }
}
