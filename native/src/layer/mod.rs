//! The tower layer: commits a request's session with its response.

mod future;
mod kept;
mod response;

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

pub use self::future::ResponseFuture;
#[cfg(feature = "axum")]
pub(crate) use self::response::status_of;
use crate::manager::SessionManager;
use crate::session::Slot;

/// Gives each request its session, and commits it when the handler has returned and before the response begins.
///
/// A session costs nothing until somebody asks for it. Responses under status 500 commit; others, and panics, drop the
/// changes, but for a sign-out, which is carried out in any case. If the store fails, the response becomes a 503.
///
/// Requests that may change something (all methods but GET, HEAD, OPTIONS and TRACE) run to their end even if the client
/// hangs up: what is left of them then is spawned on the tokio runtime, which the layer needs.
#[derive(Clone, Debug)]
pub struct SessionLayer {
    manager: SessionManager,
}

impl SessionLayer {
    /// The layer for the sessions of `manager`.
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        Self { manager }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService { manager: self.manager.clone(), inner }
    }
}

/// The service of [`SessionLayer`].
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    manager: SessionManager,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ResBody: Default + Send + 'static,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let slot = Arc::new(Slot::new(self.manager.clone()));
        request.extensions_mut().insert(Arc::clone(&slot));
        // One call for each, so that the handler's future can be made where it is to lie.
        if request.method().is_safe() {
            ResponseFuture::bound(self.inner.call(request), slot)
        } else {
            ResponseFuture::kept(self.inner.call(request), slot)
        }
    }
}
