//! `fastsession store list`

use std::io::Write as _;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use fastsession::Listing;
use serde_json::{Value, json};

use super::source::{ListSource, UNKNOWN};
use crate::date::date;
use crate::failure::Failure;
use crate::stdio;

const EXAMPLES: &str = "Example:
  export FASTSESSION_KEY FASTSESSION_STORE
  fastsession store list --owner ada

Whoever has used a session last stands first. It takes the server's key, since lists are sealed and filed under a hash of \
the user's name. A user of whom nothing is known has an empty list; so has anybody under another key or namespace than the server's.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: ListSource,
    /// The user, as the server names them when they sign in
    #[arg(long, value_name = "USER", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    owner: String,
    /// Write a JSON array: handle, created and `last_seen` in seconds since 1970, label
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let sessions = self.source.open().await?;
        let listings = sessions.list(&self.owner).await;
        let listings = listings.map_err(|error| Failure::Untried(error.to_string()))?;
        if self.json {
            let listings: Vec<Value> = listings.iter().map(to_json).collect();
            return stdio::write_line(&Value::from(listings).to_string());
        }
        if listings.is_empty() {
            // A closed standard error is no reason to fail.
            let _ = writeln!(std::io::stderr(), "fastsession: {UNKNOWN}");
            return stdio::write_line("no sessions");
        }
        stdio::write_line(&format!("{:<64}  {:<20}  {:<20}  LABEL", "HANDLE", "SIGNED IN", "LAST SEEN"))?;
        for Listing { handle, created, last_seen, label } in listings {
            let (created, last_seen, label) = (date(created), date(last_seen), printable(&label));
            stdio::write_line(format!("{handle}  {created:<20}  {last_seen:<20}  {label}").trim_end())?;
        }
        Ok(())
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
