//! `fastsession store list`

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use fastsession::store::{DynStore, Store as _};
use fastsession::{Listing, StoreKey};
use serde_json::{Value, json};

use super::source::{ListSource, UNKNOWN};
use crate::date::date;
use crate::failure::{Failure, note};
use crate::stdio;

const EXAMPLES: &str = "Example:
  export FASTSESSION_KEY FASTSESSION_STORE
  fastsession store list --owner ada

The session that was used last comes first. It takes the server's key, since lists are sealed and filed under a hash of \
the user's name. A user of whom nothing is known has an empty list; so has anybody under another key or namespace than the server's.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: ListSource,
    /// The user, as the server names them when they sign in
    #[arg(long, value_name = "USER", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    owner: String,
    /// Write a JSON array: handle, created and `last_seen` in seconds since 1970, label; or handle and `unreadable`, which says why
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let store = self.source.store.open_to_read();
        let sessions = self.source.manage(store).await?;
        let listed = sessions.list_all(&self.owner).await;
        let listed = listed.map_err(|error| Failure::Untried(error.to_string()))?;
        let mut unreadable = Vec::with_capacity(listed.unreadable.len());
        for handle in listed.unreadable {
            unreadable.push((handle, reason(sessions.store(), &handle).await));
        }
        if self.json {
            let unreadable = unreadable
                .iter()
                .map(|(handle, reason)| json!({ "handle": handle.to_string(), "unreadable": reason }));
            let listings: Vec<Value> = listed.sessions.iter().map(to_json).chain(unreadable).collect();
            stdio::write_line(&Value::from(listings).to_string())?;
        } else {
            if listed.sessions.is_empty() && unreadable.is_empty() {
                note(UNKNOWN);
            }
            if unreadable.is_empty() || !listed.sessions.is_empty() {
                write(listed.sessions)?;
            }
        }
        for (handle, reason) in &unreadable {
            note(&format!("{handle} cannot be read: {reason}"));
        }
        if unreadable.is_empty() {
            return Ok(());
        }
        Err(Failure::Partial(format!(
            "{} of the user's sessions cannot be read; `store revoke` ends them all the same",
            unreadable.len()
        )))
    }
}

fn write(listings: Vec<Listing>) -> Result<(), Failure> {
    if listings.is_empty() {
        return stdio::write_line("no sessions");
    }
    stdio::write_line(&format!("{:<64}  {:<20}  {:<20}  LABEL", "HANDLE", "SIGNED IN", "LAST SEEN"))?;
    for Listing { handle, created, last_seen, label } in listings {
        let (created, last_seen, label) = (date(created), date(last_seen), printable(&label));
        stdio::write_line(format!("{handle}  {created:<20}  {last_seen:<20}  {label}").trim_end())?;
    }
    Ok(())
}

/// Why a session on a list cannot be read.
async fn reason(store: &DynStore, handle: &StoreKey) -> String {
    match store.get(handle).await {
        Err(error) => error.to_string(),
        Ok(_) => "what the list says of it was sealed under another key, or is damaged".to_owned(),
    }
}

fn to_json(listing: &Listing) -> Value {
    json!({
        "handle": listing.handle.to_string(),
        "created": listing.created.as_secs(),
        "last_seen": listing.last_seen.as_secs(),
        "label": listing.label,
    })
}

/// Labels come from browsers: what would steer the operator's terminal is shown as a replacement.
fn printable(label: &str) -> String {
    label
        .chars()
        .map(|symbol| if symbol.is_control() { char::REPLACEMENT_CHARACTER } else { symbol })
        .collect()
}
