//! Which store, and whose sessions.

use std::env::VarError;

use clap::Args;
use fastsession::SessionManager;
use fastsession::store::{DynStore, open_existing, open_to_read};

use crate::failure::Failure;
use crate::key_source::KeySource;

/// What to say of a user who has no sessions: it is what a wrong key shows as well.
pub(super) const UNKNOWN: &str =
    "nothing is known of this user: check the key, the namespace, the store and the spelling";

const VARIABLE: &str = "FASTSESSION_STORE";

#[derive(Args)]
pub(super) struct StoreSource {
    /// The store; the variable `FASTSESSION_STORE`, if not given
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Opens users' lists, whose entries are sealed.
#[derive(Args)]
pub(super) struct ListSource {
    #[command(flatten)]
    pub(super) store: StoreSource,
    #[command(flatten)]
    keys: KeySource,
    /// The namespace that the server's sessions are in; `session`, if not given
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
}

impl StoreSource {
    /// The store, which must be there.
    pub(super) async fn open(&self) -> Result<DynStore, Failure> {
        open_existing(&self.url()?).await.map_err(|error| Failure::Untried(error.to_string()))
    }

    /// The same, to look at it only.
    pub(super) async fn open_to_read(&self) -> Result<DynStore, Failure> {
        open_to_read(&self.url()?).await.map_err(|error| Failure::Untried(error.to_string()))
    }

    fn url(&self) -> Result<String, Failure> {
        let url = match &self.store {
            Some(url) => url.clone(),
            None => match std::env::var(VARIABLE) {
                Err(VarError::NotUnicode(_)) => {
                    return Err(Failure::Untried(format!("{VARIABLE}: not text (UTF-8)")));
                }
                url => url.unwrap_or_default(),
            },
        };
        if url.is_empty() {
            let text = format!("there is no store: give --store URL or set {VARIABLE}");
            return Err(Failure::Untried(text));
        }
        if url.starts_with("memory:") {
            return Err(Failure::Untried(
                "a store in memory is the server's own: no other process can look into it".to_owned(),
            ));
        }
        Ok(url)
    }
}

impl ListSource {
    /// A manager on the store that `open` gives.
    pub(super) async fn manage(
        &self,
        store: impl Future<Output = Result<DynStore, Failure>>,
    ) -> Result<SessionManager, Failure> {
        // The key first: that there is none should not wait for a server.
        let keys = self.keys.load()?;
        let builder = SessionManager::builder(keys, store.await?);
        let builder = match &self.namespace {
            Some(namespace) => builder.namespace(namespace),
            None => builder,
        };
        builder.build().map_err(|error| Failure::untried("--namespace", error))
    }

    /// What was given that says how to find a user's list, if anything was.
    pub(super) fn given(&self) -> Option<&'static str> {
        if self.namespace.is_some() {
            return Some("--namespace");
        }
        self.keys.is_given().then_some("--key-file")
    }
}
