//! `fastsession store purge`

use clap::Args;
use fastsession::UnixTime;
use fastsession::store::Store as _;
use serde_json::json;

use super::progress::{Shown, unless_interrupted};
use super::source::StoreSource;
use crate::failure::Failure;
use crate::stdio;

const EXAMPLES: &str = "Example, for a timer, where the server has no sweeper:
  fastsession store purge --quiet --store file:/var/lib/site/sessions

Sessions that are over cannot be used any more: this makes room. It may run beside servers and beside another purge, and \
may be interrupted: the next one goes on. Redis does it by itself.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: StoreSource,
    /// Write a JSON object: how many were removed
    #[arg(long)]
    json: bool,
    /// Write nothing if all went well
    #[arg(long, conflicts_with = "json")]
    quiet: bool,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let store = self.store.open().await?;
        let purges_itself = store.capabilities().self_purging;
        let removed = if purges_itself {
            0
        } else {
            let shown = Shown::start("removed");
            let purge = store.purge_expired(UnixTime::now(), shown.progress());
            let removed = unless_interrupted(purge).await;
            let so_far = shown.finish();
            let Some(removed) = removed else {
                let text = format!("interrupted: at least {so_far} removed; the next purge removes the rest");
                return Err(Failure::Interrupted(text));
            };
            removed.map_err(|error| Failure::Untried(format!("{so_far} removed, then: {error}")))?
        };
        if self.quiet {
            return Ok(());
        }
        if self.json {
            return stdio::write_result(&json!({ "removed": removed }).to_string());
        }
        if purges_itself {
            return stdio::write_line(&format!("nothing to do: {} purges itself", store.engine()));
        }
        stdio::write_result(&format!("{removed} removed"))
    }
}
