//! A request on its way through the layer.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::response;
use crate::Error;
use crate::session::{Begun, Phase, Slot};

pin_project! {
    /// The future of [`SessionService`](super::SessionService).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B, E> {
        #[pin]
        state: State<F, B, E>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B, E> {
        /// The handler runs.
        Handler { #[pin] handler: F, slot: Arc<Slot> },
        /// The session is written.
        Commit { writes: Writes, slot: Arc<Slot>, response: Option<Response<B>> },
        /// All of that happens in a task of its own.
        Task { task: JoinHandle<Result<Response<B>, E>> },
    }
}

type Writes = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl<F, B, E> ResponseFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Default + Send + 'static,
    E: Send + 'static,
{
    pub(super) fn new(handler: F, slot: Arc<Slot>) -> Self {
        Self { state: State::Handler { handler, slot } }
    }

    /// Goes on even if nobody waits for the response any more.
    pub(super) fn spawned(self) -> Self {
        Self { state: State::Task { task: tokio::spawn(self.in_current_span()) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProjection::Handler { handler, slot } => {
                    let mut response = ready!(handler.poll(context))?;
                    let slot = Arc::clone(slot);
                    let discard = response.status().is_server_error();
                    match slot.begin(discard, Phase::Committed) {
                        Ok(Begun { was_read: false, .. }) => return Poll::Ready(Ok(response)),
                        Ok(Begun { job: None, .. }) => {
                            response::finish(&mut response, slot.take_cookies());
                            return Poll::Ready(Ok(response));
                        }
                        Ok(Begun { job: Some(job), .. }) => {
                            let of_slot = Arc::clone(&slot);
                            let writes: Writes =
                                Box::pin(async move { of_slot.carry_out(job, Phase::Committed).await });
                            state.set(State::Commit { writes, slot, response: Some(response) });
                        }
                        Err(error) => {
                            return Poll::Ready(Ok(response::failed(&error, slot.take_cookies())));
                        }
                    }
                }
                StateProjection::Commit { writes, slot, response } => {
                    let written = ready!(writes.as_mut().poll(context));
                    let response = match (written, response.take()) {
                        // A session that ended meanwhile stays ended; its event tells of the changes that are lost.
                        (Ok(()) | Err(Error::Ended), Some(mut response)) => {
                            response::finish(&mut response, slot.take_cookies());
                            response
                        }
                        (Ok(()) | Err(Error::Ended), None) => Response::default(),
                        (Err(error), _) => response::failed(&error, slot.take_cookies()),
                    };
                    return Poll::Ready(Ok(response));
                }
                StateProjection::Task { task } => {
                    return Poll::Ready(match ready!(Pin::new(task).poll(context)) {
                        Ok(result) => result,
                        Err(error) => match error.try_into_panic() {
                            Ok(panic) => resume_unwind(panic),
                            // The runtime is shutting down.
                            Err(_) => Ok(response::failed(&Error::Contended, Vec::new())),
                        },
                    });
                }
            }
        }
    }
}
