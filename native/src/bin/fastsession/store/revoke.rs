//! `fastsession store revoke`

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};
use fastsession::SessionManager;
use fastsession::store::{Store as _, StoreErrorKind};
use fastsession_core::store::Condition;
use serde_json::json;

use super::handle::Handle;
use super::progress::unless_interrupted;
use super::source::{ListSource, UNKNOWN};
use crate::failure::Failure;
use crate::stdio;

const EXAMPLES: &str = "Examples:
  One session of Ada's, by its handle on her list; a session of somebody else's is not touched:
    fastsession store revoke --owner ada --session 5f0e…

  One session, by its key in the server's log, whoever's it is; this needs no key:
    fastsession store revoke --session 5f0e…

  All of Ada's sessions, or all but one:
    fastsession store revoke --owner ada --all
    fastsession store revoke --owner ada --all-but 5f0e…

The beginning of a handle will do with --owner, if only one of the user's sessions begins like that. A session that cannot be read \
is ended all the same.

What is ended is signed out at once, requests that run just now included. Exit status 1: there is no such session, \
or the user has none.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
#[command(group = ArgGroup::new("which").required(true))]
pub(super) struct Arguments {
    #[command(flatten)]
    source: ListSource,
    /// The user, as the server names them when they sign in
    #[arg(long, value_name = "USER", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// End this session only
    #[arg(long, value_name = "HANDLE", group = "which", value_parser = Handle::parse)]
    session: Option<Handle>,
    /// End all of the user's sessions
    #[arg(long, group = "which", requires = "owner")]
    all: bool,
    /// End all of the user's sessions but this one
    #[arg(long, value_name = "HANDLE", group = "which", requires = "owner", value_parser = Handle::parse)]
    all_but: Option<Handle>,
    /// Write a JSON object: how many were ended
    #[arg(long)]
    json: bool,
    /// Write nothing if all went well
    #[arg(long, conflicts_with = "json")]
    quiet: bool,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let Some(ended) = unless_interrupted(self.end()).await else {
            return Err(Failure::Interrupted(
                "interrupted: some may have been ended; the same command ends the rest".to_owned(),
            ));
        };
        let ended = ended?;
        if self.json {
            stdio::write_result(&json!({ "ended": ended }).to_string())?;
        } else if !self.quiet && (ended > 0 || self.session.is_none()) {
            stdio::write_result(&format!("{ended} ended"))?;
        }
        match (self.session, ended) {
            (Some(_), 0) => Err(Failure::Refused("there is no such session".to_owned())),
            (None, 0) if self.all => Err(Failure::Refused(UNKNOWN.to_owned())),
            _ => Ok(()),
        }
    }

    async fn end(&self) -> Result<u64, Failure> {
        match (&self.owner, &self.session, self.source.given()) {
            (Some(owner), ..) => {
                let sessions = self.source.manage(self.source.store.open()).await?;
                self.end_owned(&sessions, owner).await
            }
            (None, _, Some(given)) => {
                Err(Failure::Untried(format!("{given} says where a user's list is: it needs --owner USER")))
            }
            (None, Some(handle), None) => self.end_anybodys(handle).await,
            (None, None, None) => Err(Failure::Untried("--owner USER is missing".to_owned())),
        }
    }

    async fn end_owned(&self, sessions: &SessionManager, owner: &str) -> Result<u64, Failure> {
        let ended = match (&self.session, &self.all_but) {
            (Some(handle), _) => {
                let handle = handle.find(sessions, owner).await?;
                sessions.end(owner, &handle).await.map(u64::from)
            }
            (None, Some(kept)) => {
                let kept = kept.find(sessions, owner).await?;
                let listed =
                    sessions.list_all(owner).await.map_err(|error| Failure::Untried(error.to_string()))?;
                if listed.sessions.iter().all(|listing| listing.handle != kept)
                    && !listed.unreadable.contains(&kept)
                {
                    return Err(Failure::Refused(
                        "the session to keep is not on the user's list: nothing was ended".to_owned(),
                    ));
                }
                sessions.end_others(owner, &kept).await
            }
            (None, None) => sessions.end_all(owner).await,
        };
        ended.map_err(|error| Failure::Untried(error.to_string()))
    }

    async fn end_anybodys(&self, handle: &Handle) -> Result<u64, Failure> {
        let handle = handle.whole().ok_or_else(|| {
            Failure::Untried("without --owner the handle is needed whole: 64 characters".to_owned())
        })?;
        let store = self.source.store.open().await?;
        let ended = async {
            let lived = match store.get(&handle).await {
                // It is there, and another version may be able to read it.
                Err(error) if matches!(error.kind(), StoreErrorKind::Corrupt | StoreErrorKind::Denied) => {
                    true
                }
                held => held?.is_some(),
            };
            let _ = store.delete(&handle, Condition::Any).await?;
            Ok(u64::from(lived))
        };
        ended.await.map_err(|error: fastsession::store::StoreError| Failure::Untried(error.to_string()))
    }
}
