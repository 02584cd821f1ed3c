//! Settings.

use core::time::Duration;

use super::placement::{DATA_SUFFIX, MAX_COOKIE};
use super::{DataName, Manager, Placement};
use crate::cookie::{Attributes, AttributesError, SameSite};
use crate::held::{self, Held};
use crate::id::SessionId;
use crate::record::header::Lifetimes;
use crate::record::seal::{MAX_NAMESPACE_LENGTH, Namespace, RecordRoots};
use crate::session::is_lifetime;
use crate::token::KeyRing;

/// The least bytes that a session's limit may be set to.
pub const MIN_LIMIT: usize = 256;
/// The most bytes that a session's limit may be set to.
pub const MAX_LIMIT: usize = 16 * 1024 * 1024;

/// The most that a store may lag: a copy in a cookie is sent with every request for twice as long.
const MAX_LAG: Duration = Duration::from_hours(1);
const DEFAULT_LIMIT: usize = 64 * 1024;
const DEFAULT_LIFETIMES: Lifetimes = Lifetimes { idle: 60 * 60, absolute: 14 * 24 * 60 * 60 };

/// The settings of a [`Manager`]; the defaults are safe.
///
/// Setters take what they are given; [`Self::build`] tells the first that was wrong.
#[must_use]
pub struct Builder {
    /// The manager in the making.
    manager: Held<Manager>,
    has_owners: Option<bool>,
    /// The first setting that was wrong.
    error: Option<ConfigError>,
}

/// Settings that no manager can be built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The cookie's attributes.
    Cookie(AttributesError),
    /// The namespace is empty, over 128 bytes, or holds a NUL.
    Namespace,
    /// A timeout is under a second or over 400 days.
    Lifetime,
    /// The limit is not between [`MIN_LIMIT`] and [`MAX_LIMIT`].
    Limit,
    /// Sessions in a cookie alone cannot be filed in their owners' lists.
    Owners,
    /// The store's lag is under a second or over an hour.
    Lag,
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Cookie(error) => error.fmt(f),
            Self::Namespace => {
                write!(f, "the namespace must have 1 to {MAX_NAMESPACE_LENGTH} bytes and no NUL")
            }
            Self::Lifetime => f.write_str("idle and absolute timeout must be 1 second to 400 days"),
            Self::Owners => {
                f.write_str("owners' lists need a store: choose another placement, or do without owners")
            }
            Self::Lag => f.write_str("the store's lag must be 1 second to 1 hour"),
            Self::Limit => write!(f, "the limit of a session must be {MIN_LIMIT} to {MAX_LIMIT} bytes"),
        }
    }
}

impl core::error::Error for ConfigError {}

impl From<AttributesError> for ConfigError {
    fn from(error: AttributesError) -> Self {
        Self::Cookie(error)
    }
}

impl Manager {
    /// Begins the settings of a manager that seals with the newest key of `ring` and opens with all of them.
    pub fn builder(ring: KeyRing) -> Builder {
        let namespace = Namespace::default();
        let manager = Held::new(Self {
            record_roots: RecordRoots::new(&ring, &namespace),
            ring,
            namespace,
            cookie: Attributes::default(),
            is_persistent: true,
            lifetimes: DEFAULT_LIFETIMES,
            limit: DEFAULT_LIMIT,
            placement: Placement::Store,
            data_name: DataName::new(),
            has_owners: true,
            make_id: SessionId::from_random,
        });
        Builder { manager, has_owners: None, error: None }
    }
}

impl Builder {
    /// How long a session lives unused: 1 hour unless set, 1 second to 400 days. The time of the last request is
    /// written at most once in a tenth of it, so the timeout that a user meets is 0.9 to 1 times this. A request that began in time
    /// counts as use, also if it ends later and writes then.
    pub fn idle_timeout(mut self, idle: Duration) -> Self {
        self.manager.lifetimes.idle = idle.as_secs();
        self
    }

    /// How long a session lives after its creation or last sign-in: 14 days unless set, 1 second to 400 days.
    pub fn absolute_timeout(mut self, absolute: Duration) -> Self {
        self.manager.lifetimes.absolute = absolute.as_secs();
        self
    }

    /// The cookie's name: `__Host-session` unless set.
    pub fn cookie_name(mut self, name: &str) -> Self {
        let set = self.manager.cookie.set_name(name);
        self.check(set);
        self
    }

    /// The cookie's path: `/` unless set.
    pub fn cookie_path(mut self, path: &str) -> Self {
        let set = self.manager.cookie.set_path(path);
        self.check(set);
        self
    }

    /// The cookie's domain: none unless set, so that the cookie is sent to this host only.
    pub fn cookie_domain(mut self, domain: &str) -> Self {
        let set = self.manager.cookie.set_domain(domain);
        self.check(set);
        self
    }

    /// Whether the cookie is sent over HTTPS only: yes unless set. Without, the name must not begin with `__Host-` or
    /// `__Secure-`.
    pub fn secure(mut self, secure: bool) -> Self {
        self.manager.cookie.secure = secure;
        self
    }

    /// Whether the cookie is hidden from scripts: yes unless set.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.manager.cookie.http_only = http_only;
        self
    }

    /// When the browser sends the cookie with requests that another site caused: Lax unless set.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.manager.cookie.same_site = same_site;
        self
    }

    /// Whether the cookie is kept apart for each site that embeds this one (CHIPS): no unless set.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.manager.cookie.partitioned = partitioned;
        self
    }

    /// Whether the cookie outlives the browser: yes unless set. Without, it has no `Max-Age`, and the browser forgets it
    /// when it closes; but not that of a session with an absolute timeout of its own
    /// ([`Session::set_lifetime`](crate::session::Session::set_lifetime)), which is how "remember me" is done.
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.manager.is_persistent = persistent;
        self
    }

    /// What keeps these sessions apart from others in the same store: `session` unless set; 1 to 128 bytes, no NUL.
    pub fn namespace(mut self, namespace: &str) -> Self {
        match Namespace::new(namespace) {
            Some(namespace) => {
                self.manager.record_roots = RecordRoots::new(&self.manager.ring, &namespace);
                self.manager.namespace = namespace;
            }
            None => self.refuse(ConfigError::Namespace),
        }
        self
    }

    /// The most bytes of a sealed session: 65,536 unless set.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.manager.limit = bytes;
        self
    }

    /// Where sessions are kept: in the store unless set.
    ///
    /// In a cookie a session may have what fits in 4,096 bytes of name and value, whatever [`Self::limit`] allows.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.manager.placement = placement;
        self
    }

    /// Whether sessions are filed in lists of their owners: yes unless set, but for sessions in a cookie alone, which
    /// cannot be.
    pub fn owners(mut self, has_owners: bool) -> Self {
        self.has_owners = Some(has_owners);
        self
    }

    /// The application's own form of session ids, made from 32 random bytes: `base64url` of them unless set. All the
    /// entropy must stay in it.
    pub fn id_generator(mut self, make_id: fn([u8; 32]) -> SessionId) -> Self {
        self.manager.make_id = make_id;
        self
    }

    /// The manager with these settings.
    ///
    /// # Errors
    /// [`ConfigError`], the first setting that is wrong.
    pub fn build(self) -> Result<Manager, ConfigError> {
        let Self { mut manager, has_owners, error } = self;
        if let Some(error) = error {
            return Err(error);
        }
        manager.cookie.check()?;
        if !is_lifetime(manager.lifetimes.idle) || !is_lifetime(manager.lifetimes.absolute) {
            return Err(ConfigError::Lifetime);
        }
        if !(MIN_LIMIT..=MAX_LIMIT).contains(&manager.limit) {
            return Err(ConfigError::Limit);
        }
        let has_store = manager.placement != Placement::Cookie;
        manager.has_owners = has_owners.unwrap_or(has_store);
        if manager.has_owners && !has_store {
            return Err(ConfigError::Owners);
        }
        if let Placement::Both { lag } = manager.placement
            && !(Duration::from_secs(1)..=MAX_LAG).contains(&lag)
        {
            return Err(ConfigError::Lag);
        }
        let Manager { cookie, data_name, .. } = &mut *manager;
        let named = data_name.push_str(&cookie.name).and_then(|()| data_name.push_str(DATA_SUFFIX));
        named.map_err(|_| AttributesError::Name)?;
        if manager.placement.has_cookie() {
            let fits_cookie = MAX_COOKIE.saturating_sub(manager.data_name.len()).saturating_mul(3) / 4;
            manager.limit = manager.limit.min(fits_cookie);
        }
        Ok(held::into_inner(manager))
    }

    fn check(&mut self, set: Result<(), AttributesError>) {
        if let Err(error) = set {
            self.refuse(error.into());
        }
    }

    fn refuse(&mut self, error: ConfigError) {
        self.error.get_or_insert(error);
    }
}
