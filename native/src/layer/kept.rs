//! Work that somebody waits for, and that goes on if nobody does.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tracing::{Instrument as _, Span};

/// A future that moves to a task of its own when it is dropped before its end, as by a server whose client hangs up.
///
/// Until then it runs where it is polled, which costs an allocation, and neither a task nor a change of threads.
pub(super) struct Kept<W> {
    /// Nothing, once it has ended or panicked.
    work: Option<Pin<Box<W>>>,
    /// Where it came from, for the logs.
    span: Span,
    /// Knows that the work can be spawned.
    spawn: fn(Pin<Box<W>>, Span),
}

impl<W> Kept<W>
where
    W: Future + Send + 'static,
    W::Output: Send + 'static,
{
    pub(super) fn new(work: W) -> Self {
        Self { work: Some(Box::pin(work)), span: Span::current(), spawn }
    }
}

impl<W: Future> Kept<W> {
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<W::Output> {
        // Taken out, so that what panics is not taken up again.
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<W> Drop for Kept<W> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            (self.spawn)(work, std::mem::replace(&mut self.span, Span::none()));
        }
    }
}

fn spawn<W>(work: Pin<Box<W>>, span: Span)
where
    W: Future + Send + 'static,
    W::Output: Send + 'static,
{
    // Without a runtime there is nothing to go on with.
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(work.instrument(span));
    }
}
