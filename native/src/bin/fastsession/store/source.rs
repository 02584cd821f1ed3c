//! Which store, and whose sessions.

use clap::Args;
use fastsession::SessionManager;
use fastsession::store::{DynStore, open_existing};

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
    /// The namespace that the server's sessions are in, if it set one
    #[arg(long, value_name = "NAME", default_value = "session")]
    namespace: String,
}

impl StoreSource {
    /// The store, which must be there.
    pub(super) async fn open(&self) -> Result<DynStore, Failure> {
        let url = match &self.store {
            Some(url) => url.clone(),
            None => std::env::var(VARIABLE).map_err(|_| {
                Failure::Untried(format!("there is no store: give --store URL or set {VARIABLE}"))
            })?,
        };
        if url.starts_with("memory:") {
            return Err(Failure::Untried(
                "a store in memory is the server's own: no other process can look into it".to_owned(),
            ));
        }
        open_existing(&url).await.map_err(|error| Failure::Untried(error.to_string()))
    }
}

impl ListSource {
    /// A manager on the store.
    pub(super) async fn open(&self) -> Result<SessionManager, Failure> {
        // The key first: that there is none should not wait for a server.
        let keys = self.keys.load()?;
        let store = self.store.open().await?;
        SessionManager::builder(keys, store)
            .namespace(&self.namespace)
            .build()
            .map_err(|error| Failure::untried("--namespace", error))
    }
}
