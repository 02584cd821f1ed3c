//! The session of a request, as handlers use it.

mod slot;
mod values;

use std::sync::Arc;

use fastsession_core::manager::Placement;

pub(crate) use self::slot::{Begun, Phase, Slot};
use crate::manager::{CoreSession, SessionManager};
use crate::{Error, SessionError};

/// The session of a request.
///
/// Its methods are synchronous and change nothing but the session in memory. With a [`SessionLayer`](crate::SessionLayer)
/// the changes are stored when the handler has returned and before the response begins; without one, [`Self::commit`]
/// stores them. Clones are the same session.
#[derive(Clone)]
pub struct Session(Arc<Slot>);

impl Session {
    pub(crate) fn new(manager: SessionManager, session: CoreSession) -> Self {
        let slot = Slot::new(manager);
        slot.opened(session);
        Self(Arc::new(slot))
    }

    /// The session in a slot that was opened.
    #[cfg(feature = "axum")]
    pub(crate) fn in_slot(slot: Arc<Slot>) -> Self {
        Self(slot)
    }

    /// The manager that the session came from: to list or end a user's sessions.
    pub fn manager(&self) -> &SessionManager {
        self.0.manager()
    }

    /// Stores the changes and gives the `Set-Cookie` headers that the response must carry, each to be appended.
    /// Only for servers without the layer, which does this by itself.
    ///
    /// # Errors
    /// [`Error`], as [`Error::Ended`] if another request ended or rotated the session, so that the changes are lost: the
    /// response must not be sent as if all were well.
    pub async fn commit(&self) -> Result<Vec<String>, Error> {
        if let Some(job) = self.0.begin(false, Phase::Committed)?.job {
            self.0.carry_out(job, Phase::Committed).await?;
        }
        Ok(self.0.take_cookies())
    }

    /// Stores the changes now. To be called after [`Self::reload`] where a request goes on after its response has begun,
    /// as a stream or a WebSocket; or before, to be sure that the changes are stored.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Ended`] if another request ended or rotated the session, so that the changes are lost;
    /// [`Error::ResponseSent`] if the session would need a new cookie and the response was sent.
    pub async fn save(&self) -> Result<(), Error> {
        let phase = self.0.check_saveable()?;
        if let Some(job) = self.0.begin(false, phase)?.job {
            self.0.carry_out(job, phase).await?;
        }
        Ok(())
    }

    /// Reads the session again, with what other requests have stored since. Changes that were not saved are dropped.
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails; [`SessionError::Destroyed`] if the session was ended.
    pub async fn reload(&self) -> Result<(), Error> {
        if self.manager().inner().core().placement() == Placement::Cookie {
            // Nobody else's changes can be read: the only place that they could be in is another response's cookie.
            return Ok(());
        }
        let (pending, phase) = self.0.take_for_reload()?;
        let inner = self.manager().inner();
        let session = inner.read(pending, Vec::new()).await?;
        self.0.reloaded(session, phase);
        Ok(())
    }

    /// Looks at the core's session, whose reads borrow: `session.read(|session| session.get::<&str>("name")…)`.
    ///
    /// # Errors
    /// [`SessionError::Committed`] while a commit is under way; [`SessionError::InUse`] inside of another closure on this
    /// session.
    pub fn read<R>(&self, look: impl FnOnce(&CoreSession) -> R) -> Result<R, SessionError> {
        self.0.read(look)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Session").field(&self.key()).finish()
    }
}
