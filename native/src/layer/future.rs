//! A request on its way through the layer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::kept::Kept;
use super::response;
use crate::Error;
use crate::session::{Begun, Phase, Slot};

pin_project! {
    /// The future of [`SessionService`](super::SessionService).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B> {
        #[pin]
        kind: Kind<F, B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<F, B> {
        /// It ends with whoever waits for it.
        Bound { #[pin] work: Work<F, B> },
        /// It does not.
        Kept { work: Kept<Work<F, B>> },
    }
}

pin_project! {
    /// The handler, then the writes.
    #[project = WorkProjection]
    enum Work<F, B> {
        /// The handler runs.
        Handler { #[pin] handler: F, slot: Arc<Slot> },
        /// The session is written.
        Commit { writes: Writes, slot: Arc<Slot>, response: Option<Response<B>> },
    }
}

type Writes = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl<F, B, E> ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Default + Send + 'static,
    E: Send + 'static,
{
    #[inline]
    pub(super) fn bound(handler: F, slot: Arc<Slot>) -> Self {
        Self { kind: Kind::Bound { work: Work::Handler { handler, slot } } }
    }

    /// Goes on even if nobody waits for the response any more.
    #[inline]
    pub(super) fn kept(handler: F, slot: Arc<Slot>) -> Self {
        Self { kind: Kind::Kept { work: Kept::new(Work::Handler { handler, slot }) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Bound { work } => work.poll(context),
            KindProjection::Kept { work } => work.poll(context),
        }
    }
}

impl<F, B, E> Future for Work<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut work = self;
        loop {
            match work.as_mut().project() {
                WorkProjection::Handler { handler, slot } => {
                    let mut response = ready!(handler.poll(context))?;
                    let discard = response.status().is_server_error();
                    match slot.begin(discard, Phase::Committed) {
                        Ok(Begun { was_read: false, .. }) => return Poll::Ready(Ok(response)),
                        Ok(Begun { job: None, is_saving: false, has_cookies, .. }) => {
                            let cookies = if has_cookies { slot.take_cookies() } else { Vec::new() };
                            response::finish(&mut response, cookies);
                            return Poll::Ready(Ok(response));
                        }
                        Ok(Begun { job, .. }) => {
                            let (slot, of_slot) = (Arc::clone(slot), Arc::clone(slot));
                            let writes: Writes = Box::pin(async move {
                                match job {
                                    Some(job) => of_slot.carry_out(job, Phase::Committed).await,
                                    None => of_slot.commit(discard).await,
                                }
                            });
                            work.set(Self::Commit { writes, slot, response: Some(response) });
                        }
                        Err(error) => {
                            return Poll::Ready(Ok(response::failed(&error, slot.take_cookies())));
                        }
                    }
                }
                WorkProjection::Commit { writes, slot, response } => {
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
            }
        }
    }
}
