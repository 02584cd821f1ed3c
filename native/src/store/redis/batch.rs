//! Commands that are ready at the same moment travel as one message.
//!
//! A message costs the client more than a short command costs the server: a place in a queue, a timer, a wake-up. So a command
//! that comes while others are under way waits until every task that is ready has run, and all that have come by then
//! are one message: a pipeline, in which each has an answer of its own. Nothing waits for a time or for another answer, and a command
//! that is alone leaves at once.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use redis::{Arg, Cmd, Pipeline, RedisResult, Value};
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

/// A way to a server; clones are the same one.
pub(super) trait Link: Clone + Send + Sync + 'static {
    /// The answer to one command.
    fn one(&self, command: &Cmd) -> impl Future<Output = RedisResult<Value>> + Send;

    /// As many answers as there are commands. What the server refuses is one of them; an error is that of all.
    fn all(&self, commands: &Pipeline) -> impl Future<Output = RedisResult<Vec<Value>>> + Send;
}

/// How many commands a message holds at most: the first is answered only when the last is.
const AT_ONCE: usize = 64;
/// How many bytes the arguments of a command may have that travels with others, which would have to wait for it.
const SMALL: usize = 16 * 1_024;

/// The commands for one link.
#[derive(Default)]
pub(super) struct Batches {
    under_way: AtomicUsize,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    commands: Vec<Waiter>,
    /// Where the task is that will send them. Another runtime may not be running just now, so none relies on another's.
    runtime: Option<runtime::Id>,
}

struct Waiter {
    command: Cmd,
    answer: oneshot::Sender<RedisResult<Value>>,
}

/// An answer to come.
pub(super) struct Answer<'a> {
    source: Source<'a>,
    _counted: Option<Counted<'a>>,
}

enum Source<'a> {
    /// Boxed, since the types of these futures are deep enough to overwhelm compilers, and the futures large.
    Alone(Pin<Box<dyn Future<Output = RedisResult<Value>> + Send + 'a>>),
    Together(oneshot::Receiver<RedisResult<Value>>),
}

/// A command that is under way until this is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl Batches {
    /// Sends `command` over `link`, with others if there are any.
    pub(super) fn send<'a>(self: &'a Arc<Self>, link: &'a impl Link, command: &'a Cmd) -> Answer<'a> {
        let is_alone = self.under_way.fetch_add(1, Ordering::Relaxed) == 0;
        let counted = Some(Counted(&self.under_way));
        if is_alone || size(command) > SMALL {
            return Answer { _counted: counted, ..Answer::alone(link.one(command)) };
        }
        let (sender, receiver) = oneshot::channel();
        self.join(link, Waiter { command: command.clone(), answer: sender });
        Answer { source: Source::Together(receiver), _counted: counted }
    }

    fn join(self: &Arc<Self>, link: &impl Link, waiter: Waiter) {
        let runtime = Handle::current();
        let mut waiting = self.waiting();
        waiting.commands.push(waiter);
        if waiting.commands.len() >= AT_ONCE {
            let commands = waiting.take();
            drop(waiting);
            runtime.spawn(send(link.clone(), commands));
        } else if waiting.runtime != Some(runtime.id()) {
            waiting.runtime = Some(runtime.id());
            drop(waiting);
            let (batches, link) = (Arc::clone(self), link.clone());
            runtime.spawn(async move {
                // Comes back when the tasks that are ready have run, or many of them.
                tokio::task::yield_now().await;
                let commands = batches.waiting().take();
                send(link, commands).await;
            });
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // It is whole at every moment that could panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<Waiter> {
        self.runtime = None;
        std::mem::take(&mut self.commands)
    }
}

impl<'a> Answer<'a> {
    /// The answer to a command that is none of a batch.
    pub(super) fn alone(answer: impl Future<Output = RedisResult<Value>> + Send + 'a) -> Self {
        Self { source: Source::Alone(Box::pin(answer)), _counted: None }
    }
}

impl Future for Answer<'_> {
    type Output = RedisResult<Value>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut self.source {
            Source::Alone(answer) => ready!(answer.as_mut().poll(cx)),
            Source::Together(answer) => ready!(Pin::new(answer).poll(cx)).unwrap_or_else(lost),
        };
        Poll::Ready(answer.and_then(Value::extract_error))
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn send(link: impl Link, waiters: Vec<Waiter>) {
    let mut commands = Pipeline::with_capacity(waiters.len());
    let mut answers = Vec::with_capacity(waiters.len());
    // Nobody waits for the others any more.
    for waiter in waiters.into_iter().filter(|waiter| !waiter.answer.is_closed()) {
        commands.add_command(waiter.command);
        answers.push(waiter.answer);
    }
    if answers.is_empty() {
        return;
    }
    // A caller may have gone meanwhile: nobody misses that answer.
    match link.all(&commands).await {
        Ok(values) => {
            for (answer, value) in answers.into_iter().zip(values) {
                let _ = answer.send(Ok(value));
            }
        }
        Err(error) => {
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}

/// What a caller is told whose command was with a task that ended, together with its runtime, or without an answer.
fn lost(_: RecvError) -> RedisResult<Value> {
    let reason = "the runtime that sent the command was shut down";
    Err(std::io::Error::new(std::io::ErrorKind::BrokenPipe, reason).into())
}

/// How many bytes the arguments have.
fn size(command: &Cmd) -> usize {
    let sizes = command.args_iter().map(|argument| match argument {
        Arg::Simple(bytes) => bytes.len(),
        _ => 0,
    });
    sizes.fold(0, usize::saturating_add)
}
