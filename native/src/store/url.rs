//! A store from a URL.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::{DynStore, MemoryStore, StoreError, StoreErrorKind};

/// Opens the store that `url` names, with the schemes that this crate knows:
///
/// | URL | store | feature |
/// | --- | --- | --- |
/// | `memory:` | this process's memory | |
/// | `file:DIR`, `file:///DIR` | files under the folder, relative or absolute; `?durability=relaxed` | `file` |
/// | `redis://HOST`, `redis+sentinel://HOSTS/MASTER`, `redis+cluster://HOSTS`; see [`RedisStore`](super::RedisStore) | Redis | `redis` |
/// | `sqlite:FILE`, `postgres://…`, `mysql://…`; see [`SqlStore`](super::SqlStore) | a database | `sqlite`, `postgres`, `mysql` |
///
/// # Errors
/// [`StoreErrorKind::Configuration`] for a URL that it does not understand, otherwise what the engine says.
pub async fn open(url: &str) -> Result<DynStore, StoreError> {
    Registry::new().open(url).await
}

/// The same, for tools that look after a store: it makes nothing, so that a mistyped URL is an error and not an empty store.
///
/// # Errors
/// As [`open`]; [`StoreErrorKind::Configuration`] if there is no such folder or file, or no table of sessions.
pub async fn open_existing(url: &str) -> Result<DynStore, StoreError> {
    known(url, Access::Change).await
}

/// The same, for tools that only look at a store: files that are closed to writing will do. SQLite's is read as it is then, if
/// nobody has it open.
///
/// # Errors
/// As [`open_existing`]; [`StoreErrorKind::Denied`] if SQLite has to write beside its file and may not. What writes
/// fails later.
pub async fn open_to_read(url: &str) -> Result<DynStore, StoreError> {
    known(url, Access::Read).await
}

/// The schemes that [`Registry::open`] knows: this crate's and the application's own.
#[derive(Clone, Default)]
pub struct Registry(HashMap<String, Opener>);

type Opener = Arc<dyn Fn(String) -> Opening<'static> + Send + Sync>;
/// Boxed, since the types of the futures in it are deep enough to overwhelm compilers.
type Opening<'a> = Pin<Box<dyn Future<Output = Result<DynStore, StoreError>> + Send + 'a>>;

impl Registry {
    /// This crate's schemes; see [`open`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `open` make the stores of URLs that start with `scheme` and a colon; it is given the whole URL.
    /// It replaces what the scheme meant before, this crate's own included.
    #[must_use]
    pub fn with<F>(mut self, scheme: &str, open: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<DynStore, StoreError>> + Send + 'static,
    {
        let opener = move |url| Box::pin(open(url)) as Opening<'static>;
        self.0.insert(scheme.to_ascii_lowercase(), Arc::new(opener));
        self
    }

    /// Opens the store that `url` names.
    ///
    /// # Errors
    /// As [`open`].
    pub async fn open(&self, url: &str) -> Result<DynStore, StoreError> {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.and_then(|scheme| self.0.get(&scheme)) {
            Some(opener) => opener(url.to_owned()).await,
            None => known(url, Access::MakeWhatIsMissing).await,
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What may be done to a store's place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    MakeWhatIsMissing,
    Change,
    Read,
}

/// Opens a store of a scheme of this crate's.
fn known(url: &str, access: Access) -> Opening<'_> {
    Box::pin(open_known(url, access))
}

#[allow(unused_variables, reason = "used unless all features are off")]
async fn open_known(url: &str, access: Access) -> Result<DynStore, StoreError> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(misunderstood(format!("it has no scheme; {SCHEMES}")));
    };
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "memory" if rest.is_empty() => Ok(DynStore::new(MemoryStore::new())),
        "memory" => Err(misunderstood("nothing may follow \"memory:\"".to_owned())),
        #[cfg(all(feature = "file", unix))]
        "file" => file(rest, access).await,
        #[cfg(not(all(feature = "file", unix)))]
        "file" => Err(missing(&scheme, "file")),
        #[cfg(feature = "redis")]
        "redis" | "rediss" | "redis+sentinel" | "rediss+sentinel" | "redis+cluster" | "rediss+cluster" => {
            Ok(DynStore::new(super::RedisStore::connect(url).await?))
        }
        #[cfg(not(feature = "redis"))]
        "redis" | "rediss" | "redis+sentinel" | "rediss+sentinel" | "redis+cluster" | "rediss+cluster" => {
            Err(missing(&scheme, "redis"))
        }
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        "sqlite" | "postgres" | "postgresql" | "mysql" | "mariadb" => {
            let makes = access == Access::MakeWhatIsMissing;
            let builder = super::SqlStore::builder(url).create(makes).migrate(makes);
            let builder = builder.read_only(access == Access::Read);
            Ok(DynStore::new(builder.open().await?))
        }
        #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
        "sqlite" | "postgres" | "postgresql" | "mysql" | "mariadb" => Err(missing(&scheme, SQL_FEATURES)),
        // What looks like a scheme may be a part of a login.
        _ if url.contains('@') => Err(misunderstood(format!("its scheme is not known; {SCHEMES}"))),
        _ => Err(misunderstood(format!("the scheme \"{scheme}\" is not known; {SCHEMES}"))),
    }
}

#[cfg(all(feature = "file", unix))]
async fn file(rest: &str, access: Access) -> Result<DynStore, StoreError> {
    use super::file::{Durability, FileStore};

    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    // file:///DIR, as RFC 8089 writes it, is /DIR.
    let path = match path.strip_prefix("//") {
        Some(path) if !path.starts_with('/') => {
            return Err(misunderstood(
                "after \"file://\" comes a folder that begins with \"/\", not a host".to_owned(),
            ));
        }
        Some(path) => path,
        None => path,
    };
    if path.is_empty() {
        return Err(misunderstood("\"file:\" needs a folder".to_owned()));
    }
    let durability = match query {
        "" | "durability=synced" => Durability::Synced,
        "durability=relaxed" => Durability::Relaxed,
        _ => {
            let detail = "after the folder only ?durability=synced or ?durability=relaxed may follow";
            return Err(misunderstood(detail.to_owned()));
        }
    };
    let makes = access == Access::MakeWhatIsMissing;
    let store = FileStore::builder(path).durability(durability).create(makes).open().await?;
    Ok(DynStore::new(store))
}

const SCHEMES: &str =
    "memory:, file:, redis:, sqlite:, postgres: and mysql: are known, each with its cargo feature";
#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
const SQL_FEATURES: &str = "sqlite, postgres or mysql";

#[allow(dead_code, reason = "used unless all features are on")]
fn missing(scheme: &str, feature: &str) -> StoreError {
    misunderstood(format!("\"{scheme}:\" needs the cargo feature \"{feature}\" of fastsession (and Unix)"))
}

/// The URL itself is not shown: it may hold a password.
fn misunderstood(detail: String) -> StoreError {
    StoreError::message(StoreErrorKind::Configuration, "URL", "open", detail)
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;

    #[tokio::test]
    async fn what_is_not_understood_is_said() {
        for url in ["", "nonsense", "memory:x", "ftp://host:secret@x", "file:", "file:x?y=1"] {
            let error = open(url).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Configuration, "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        assert_eq!(open("memory:").await.unwrap().engine(), "memory");
    }

    #[cfg(all(feature = "file", unix))]
    #[tokio::test]
    async fn what_only_looks_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}/store", folder.path().display());
        for _ in 0..2 {
            let error = open_existing(&url).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Configuration);
            assert!(error.to_string().contains("no store"), "{error}");
            assert!(!folder.path().join("store/records").exists());
            std::fs::create_dir_all(folder.path().join("store")).unwrap();
        }
        open(&url).await.unwrap();
        assert_eq!(open_existing(&url).await.unwrap().engine(), "file");
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn what_only_looks_makes_no_database() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        let url = format!("sqlite:{}", file.display());
        let error = open_existing(&url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Configuration);
        assert!(!file.exists());
        open(&url).await.unwrap();
        assert_eq!(open_existing(&url).await.unwrap().engine(), "SQLite");
    }

    #[tokio::test]
    async fn an_application_adds_its_own() {
        let registry = Registry::new().with("mine", |url| async move {
            assert_eq!(url, "mine://there");
            Ok(DynStore::new(MemoryStore::new()))
        });
        assert_eq!(registry.open("mine://there").await.unwrap().engine(), "memory");
        assert_eq!(registry.open("memory:").await.unwrap().engine(), "memory");
    }
}
