//! Which session is meant.

use fastsession::{SessionManager, StoreKey};

use crate::failure::Failure;

/// A handle, or the beginning of one.
#[derive(Clone)]
pub(super) struct Handle(String);

/// Fewer characters would be a slip of the finger.
const SHORTEST: usize = 4;
const WANTED: &str =
    "a handle is 64 characters of 0-9 and a-f, as `store list` shows them, or at least the first 4 of them";

impl Handle {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.to_ascii_lowercase();
        let is_handle = text.bytes().all(|byte| byte.is_ascii_hexdigit())
            && (SHORTEST..=fastsession::core::store::HEX_LENGTH).contains(&text.len());
        if is_handle { Ok(Self(text)) } else { Err(WANTED) }
    }

    /// The session, if the handle is given whole.
    pub(super) fn whole(&self) -> Option<StoreKey> {
        StoreKey::from_hex(&self.0)
    }

    /// The one session on the user's list whose handle this is, or begins with this.
    pub(super) async fn find(&self, sessions: &SessionManager, user: &str) -> Result<StoreKey, Failure> {
        if let Some(whole) = self.whole() {
            return Ok(whole);
        }
        let listed = sessions.list_all(user).await.map_err(|error| Failure::Untried(error.to_string()))?;
        let handles = listed.sessions.iter().map(|listing| listing.handle).chain(listed.unreadable);
        let mut meant = handles.filter(|handle| handle.to_hex().as_str().starts_with(&self.0));
        match (meant.next(), meant.next()) {
            (Some(handle), None) => Ok(handle),
            (None, _) => Err(Failure::Refused("there is no such session".to_owned())),
            (Some(_), Some(_)) => Err(Failure::Untried(format!(
                "several of the user's sessions begin with {}: give more of the handle",
                self.0
            ))),
        }
    }
}
