//! `fastsession store revoke`

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};
use fastsession::store::Store as _;
use fastsession::{SessionManager, StoreKey};
use fastsession_core::store::Condition;
use serde_json::json;

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
    #[arg(long, value_name = "HANDLE", group = "which", value_parser = parse_handle)]
    session: Option<StoreKey>,
    /// End all of the user's sessions
    #[arg(long, group = "which", requires = "owner")]
    all: bool,
    /// End all of the user's sessions but this one
    #[arg(long, value_name = "HANDLE", group = "which", requires = "owner", value_parser = parse_handle)]
    all_but: Option<StoreKey>,
    /// Write a JSON object: how many were ended
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let ended = match (&self.owner, &self.session) {
            (None, Some(handle)) => self.end_anybodys(handle).await?,
            (None, None) => return Err(Failure::Untried("--owner USER is missing".to_owned())),
            (Some(owner), _) => self.end_owned(&self.source.open().await?, owner).await?,
        };
        if self.json {
            stdio::write_line(&json!({ "ended": ended }).to_string())?;
        } else if ended > 0 || self.session.is_none() {
            stdio::write_line(&format!("{ended} ended"))?;
        }
        match (self.session, ended) {
            (Some(_), 0) => Err(Failure::Refused("there is no such session".to_owned())),
            (None, 0) if self.all => Err(Failure::Refused(UNKNOWN.to_owned())),
            _ => Ok(()),
        }
    }

    async fn end_owned(&self, sessions: &SessionManager, owner: &str) -> Result<u64, Failure> {
        let ended = match (&self.session, &self.all_but) {
            (Some(handle), _) => sessions.end(owner, handle).await.map(u64::from),
            (None, Some(kept)) => {
                let listed =
                    sessions.list(owner).await.map_err(|error| Failure::Untried(error.to_string()))?;
                if !listed.iter().any(|listing| listing.handle == *kept) {
                    return Err(Failure::Refused(
                        "the session to keep is not on the user's list: nothing was ended".to_owned(),
                    ));
                }
                sessions.end_others(owner, kept).await
            }
            (None, None) => sessions.end_all(owner).await,
        };
        ended.map_err(|error| Failure::Untried(error.to_string()))
    }

    async fn end_anybodys(&self, handle: &StoreKey) -> Result<u64, Failure> {
        let store = self.source.store.open().await?;
        let ended = async {
            let lived = store.get(handle).await?.is_some();
            let _ = store.delete(handle, Condition::Any).await?;
            Ok(u64::from(lived))
        };
        ended.await.map_err(|error: fastsession::store::StoreError| Failure::Untried(error.to_string()))
    }
}

fn parse_handle(text: &str) -> Result<StoreKey, &'static str> {
    StoreKey::from_hex(text).ok_or("a handle is 64 characters of 0-9 and a-f, as `store list` shows them")
}
