//! `fastsession store`

mod handle;
mod list;
mod progress;
mod purge;
mod revoke;
mod source;
mod stats;

use clap::Subcommand;

use crate::failure::Failure;

const ABOUT: &str = "Look after the sessions in a store

Works on every store that the server takes: file:DIR, sqlite:FILE, redis://…, redis+sentinel://…, redis+cluster://…, \
postgres://…, mysql://… (each needs its cargo feature; `all-stores` has all of them). A store that is not there is an \
error: nothing is made. To count and to list, files may be closed to writing.

A user's sessions are named by handles. A handle is a hash: it is what the server's log shows as a key, and no browser \
can use it.";

const EXAMPLES: &str = "Examples:
  How full is it?
    fastsession store stats --store file:/var/lib/site/sessions

  Ada has lost her telephone: find it on her list, then sign it out. The key is in FASTSESSION_KEY.
    fastsession store list --store sqlite:/var/lib/site/sessions.db --owner ada
    fastsession store revoke --store sqlite:/var/lib/site/sessions.db --owner ada --session 5f0e…

  A URL with a password belongs in the environment, where other users of the machine cannot see it:
    FASTSESSION_STORE=postgres://site:…@db/site fastsession store purge";

#[derive(clap::Args)]
#[command(about = "Look after the sessions in a store", long_about = ABOUT, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Count sessions, users and bytes
    Stats(stats::Arguments),
    /// List a user's sessions
    List(list::Arguments),
    /// End sessions: one by its handle, or a user's
    Revoke(revoke::Arguments),
    /// Remove sessions that are over
    Purge(purge::Arguments),
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::untried("no runtime", error))?;
        let result = runtime.block_on(async {
            match self.command {
                Command::Stats(arguments) => arguments.run().await,
                Command::List(arguments) => arguments.run().await,
                Command::Revoke(arguments) => arguments.run().await,
                Command::Purge(arguments) => arguments.run().await,
            }
        });
        // A thread may still wait for a lock of work that was interrupted.
        runtime.shutdown_background();
        result
    }
}
