//! The session of a request, as handlers use it.

mod slot;
mod values;

use std::sync::Arc;

use http::header::COOKIE;
use http::{Extensions, HeaderMap, HeaderValue};

pub(crate) use self::slot::{Begun, Phase, Slot};
use crate::manager::{CoreSession, Loading, SessionManager};
use crate::{Error, SessionError};

/// The session of a request.
///
/// Its methods are synchronous and change nothing but the session in memory. With a [`SessionLayer`](crate::SessionLayer)
/// the changes are stored when the handler has returned and before the response begins; without one, [`Self::commit`]
/// stores them. Clones are the same session.
#[derive(Clone)]
pub struct Session(Arc<Slot>);

impl Session {
    /// `copies` are those that the request's cookies held.
    pub(crate) fn new(manager: SessionManager, session: CoreSession, copies: Vec<Vec<u8>>) -> Self {
        let slot = Slot::new(manager);
        slot.opened(session, copies);
        Self(Arc::new(slot))
    }

    /// The session of a request that came through a [`SessionLayer`](crate::SessionLayer), from the request's extensions
    /// and headers; `None` if it did not. It is loaded at the first call; later ones give the same session. In axum the
    /// extractors do this.
    ///
    /// ```
    /// use fastsession::store::MemoryStore;
    /// use fastsession::{Error, KeyRing, Session, SessionLayer, SessionManager};
    /// use http::{Request, Response};
    /// use tower::{Layer as _, ServiceExt as _, service_fn};
    ///
    /// async fn visit(request: Request<String>) -> Result<Response<String>, Error> {
    ///     let Some(session) = Session::from_extensions(request.extensions(), request.headers()).await? else {
    ///         return Ok(Response::new("There is no SessionLayer around this service.".to_owned()));
    ///     };
    ///     let visits = session.update("visits", |visits: Option<u64>| visits.unwrap_or(0) + 1)?;
    ///     Ok(Response::new(format!("This is your visit number {visits}.")))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let keys = KeyRing::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")?;
    /// let sessions = SessionManager::builder(keys, MemoryStore::new()).build()?;
    /// let service = SessionLayer::new(sessions).layer(service_fn(visit));
    /// let response = service.oneshot(Request::new(String::new())).await?;
    /// assert_eq!(response.body(), "This is your visit number 1.");
    /// assert!(response.headers().contains_key("set-cookie"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails.
    pub async fn from_extensions(
        extensions: &Extensions,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, Error> {
        let Some(slot) = extensions.get::<Arc<Slot>>().cloned() else { return Ok(None) };
        if !slot.is_opened() {
            let inner = slot.manager().inner();
            let headers = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
            let (session, copies) = match inner.load(headers) {
                Loading::Loaded(session) => (session, Vec::new()),
                Loading::Waiting(reading) => reading.await?,
            };
            slot.opened(session, copies);
        }
        Ok(Some(Self(slot)))
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
        self.0.commit(false).await?;
        Ok(self.0.take_cookies())
    }

    /// Stores the changes now. To be called after [`Self::reload`] where a request goes on after its response has begun,
    /// as a stream or a WebSocket; or before, to be sure that the changes are stored.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Ended`] if another request ended or rotated the session, so that the changes are lost;
    /// [`Error::ResponseSent`] if the session would need a new cookie and the response was sent.
    ///
    /// It waits for a save of the same session that is under way. One whose future is dropped goes on by itself, and the
    /// response waits for it, with its cookies, or fails with it.
    pub async fn save(&self) -> Result<(), Error> {
        self.0.save().await
    }

    /// Reads the session again, with what other requests have stored since. Changes that were not saved are dropped, those
    /// that are made while it reads too.
    ///
    /// If it fails, or its future is dropped, the session is as before, and the reload can be tried again. Where a
    /// [`Self::save`] has failed after the response began, a reload takes the session up again; before, it does not, since
    /// the response must tell of that failure.
    ///
    /// A session that is kept in a cookie is read again from the cookie: the request's, or that of an earlier save of this
    /// request. What other requests have stored is in other responses and cannot be seen, and once the response has begun
    /// there is nothing to be reloaded. Where the store's reads may be old, a copy in those cookies counts if it is newer.
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails; [`SessionError::Destroyed`] if the session was ended by this request;
    /// [`SessionError::Committed`] while a commit is under way; [`Error::Unsaved`] after a save that failed before the
    /// response; [`Error::ResponseSent`] if the response has begun and the session is kept in a cookie.
    pub async fn reload(&self) -> Result<(), Error> {
        self.0.reload().await
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
