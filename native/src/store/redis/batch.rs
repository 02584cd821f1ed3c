//! Commands that are ready at the same moment travel as one message.
//!
//! A message costs the client more than a short command costs the server: a place in a queue, a timer, a wake-up. So a command
//! that comes while others are under way waits until every task that is ready has run, and all that have come by then
//! are one message: a pipeline, in which each has an answer of its own. Nothing waits for a time or for another answer, and a command
//! that is alone leaves at once.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};

use futures_util::future::{Either, select};
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
    /// Those that commands may still join, each with the runtime whose task will send it: another runtime may not be running
    /// just now, so none relies on another's.
    gathering: Mutex<Vec<(runtime::Id, Weak<Batch>)>>,
}

/// Commands that will be one message. Its task holds it, so that a runtime that ends takes it along.
struct Batch(Mutex<Vec<Waiter>>);

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
    pub(super) fn send<'a>(&'a self, link: &'a impl Link, command: &'a Cmd) -> Answer<'a> {
        let is_alone = self.under_way.fetch_add(1, Ordering::Relaxed) == 0;
        let counted = Some(Counted(&self.under_way));
        if is_alone || size(command) > SMALL {
            return Answer { _counted: counted, ..Answer::alone(link.one(command)) };
        }
        let (sender, receiver) = oneshot::channel();
        self.join(link, Waiter { command: command.clone(), answer: sender });
        Answer { source: Source::Together(receiver), _counted: counted }
    }

    fn join(&self, link: &impl Link, waiter: Waiter) {
        let runtime = Handle::current();
        let mut gathering = lock(&self.gathering);
        gathering.retain(|(_, batch)| batch.strong_count() > 0);
        let mut own = gathering.iter().filter(|(id, _)| *id == runtime.id());
        let mut waiter = Some(waiter);
        if own.any(|(_, batch)| batch.upgrade().is_some_and(|batch| batch.take_in(&mut waiter))) {
            return;
        }
        let batch = Arc::new(Batch(Mutex::new(waiter.into_iter().collect())));
        gathering.push((runtime.id(), Arc::downgrade(&batch)));
        let link = link.clone();
        runtime.spawn(async move {
            after_the_others().await;
            let commands = batch.close();
            drop(batch);
            send(link, commands).await;
        });
    }
}

impl Batch {
    /// Takes the command, unless there is no place any more.
    fn take_in(&self, waiter: &mut Option<Waiter>) -> bool {
        let mut commands = lock(&self.0);
        let is_open = (1..AT_ONCE).contains(&commands.len());
        commands.extend(waiter.take_if(|_| is_open));
        is_open
    }

    /// The commands; an empty batch takes none in.
    fn close(&self) -> Vec<Waiter> {
        std::mem::take(&mut lock(&self.0))
    }
}

/// What these locks guard is whole at every moment that could panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    // Where all have given up, neither is it sent: a connection may take its time, and what came late could undo what its
    // caller did since.
    let result = match select(pin!(link.all(&commands)), pin!(all_closed(&mut answers))).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => return,
    };
    // A caller may have gone meanwhile: nobody misses that answer.
    match result {
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

/// Goes to the end of the queue of tasks that are ready. `tokio::task::yield_now` would not do: its task comes back on this thread
/// only, and has to wait there if a task that computes for long holds it.
async fn after_the_others() {
    let mut is_back = false;
    poll_fn(|cx| {
        if is_back {
            return Poll::Ready(());
        }
        is_back = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn all_closed(answers: &mut [oneshot::Sender<RedisResult<Value>>]) {
    for answer in answers {
        answer.closed().await;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use futures_util::future::join_all;
    use tokio::runtime::Builder;
    use tokio::sync::Notify;

    use super::*;

    /// Notes what it is to send. It echoes commands, and refuses those that begin with an exclamation mark.
    #[derive(Clone, Default)]
    struct Echo {
        messages: Arc<Mutex<Vec<Vec<String>>>>,
        state: Option<State>,
    }

    #[derive(Clone)]
    enum State {
        Broken,
        /// It sends when this is given.
        Connecting(Arc<Notify>),
    }

    impl Echo {
        async fn answer(&self, commands: impl Iterator<Item = &Cmd>) -> RedisResult<Vec<Value>> {
            let names: Vec<_> = commands.map(name).collect();
            if let Some(State::Connecting(done)) = &self.state {
                done.notified().await;
            }
            self.messages.lock().unwrap().push(names.clone());
            match &self.state {
                None | Some(State::Connecting(_)) => Ok(names.into_iter().map(echoed).collect()),
                Some(State::Broken) => Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()),
            }
        }

        fn messages(&self) -> Vec<Vec<String>> {
            self.messages.lock().unwrap().clone()
        }
    }

    impl Link for Echo {
        async fn one(&self, command: &Cmd) -> RedisResult<Value> {
            Ok(self.answer([command].into_iter()).await?.remove(0))
        }

        async fn all(&self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
            self.answer(commands.cmd_iter()).await
        }
    }

    fn name(command: &Cmd) -> String {
        let Some(Arg::Simple(name)) = command.args_iter().next() else { return String::new() };
        String::from_utf8(name.to_vec()).unwrap()
    }

    fn echoed(name: String) -> Value {
        if name.starts_with('!') {
            let refusal = redis::parse_redis_value(b"-WRONGTYPE of another kind\r\n");
            return refusal.unwrap();
        }
        Value::SimpleString(name)
    }

    fn commands(names: &[&str]) -> Vec<Cmd> {
        names.iter().map(|name| redis::cmd(name)).collect()
    }

    #[tokio::test]
    async fn a_command_that_is_alone_leaves_at_once() {
        let (batches, link) = (Arc::<Batches>::default(), Echo::default());
        for command in commands(&["a", "b"]) {
            let answer = batches.send(&link, &command).now_or_never();
            assert_eq!(answer.unwrap().unwrap(), Value::SimpleString(name(&command)));
        }
        assert_eq!(link.messages(), [["a"], ["b"]]);
    }

    #[tokio::test]
    async fn commands_that_come_together_travel_together_and_each_has_its_answer() {
        let (batches, link) = (Arc::<Batches>::default(), Echo::default());
        let commands = commands(&["a", "b", "!c", "b", "d"]);
        let answers = join_all(commands.iter().map(|command| batches.send(&link, command))).await;
        assert_eq!(link.messages(), [&["a"][..], &["b", "!c", "b", "d"]]);
        for (command, answer) in commands.iter().zip(answers) {
            match answer {
                Ok(value) => assert_eq!(value, Value::SimpleString(name(command))),
                Err(error) => {
                    assert_eq!(name(command), "!c");
                    assert_eq!(error.code(), Some("WRONGTYPE"), "{error}");
                }
            }
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_sent() {
        let (batches, link) = (Arc::<Batches>::default(), Echo::default());
        let commands = commands(&["a", "b", "c", "d"]);
        let mut answers: Vec<_> = commands.iter().map(|command| batches.send(&link, command)).collect();
        drop(answers.remove(2));
        assert!(join_all(answers).await.iter().all(Result::is_ok));
        assert_eq!(link.messages(), [&["a"][..], &["b", "d"]]);
    }

    #[tokio::test]
    async fn what_all_have_given_up_is_not_sent_when_the_connection_is_there() {
        let done = Arc::new(Notify::new());
        let state = Some(State::Connecting(Arc::clone(&done)));
        let (batches, link) = (Arc::<Batches>::default(), Echo { state, ..Echo::default() });
        let commands = commands(&["a", "b", "c"]);
        let answers: Vec<_> = commands.iter().map(|command| batches.send(&link, command)).collect();
        let limit = Duration::from_millis(20);
        assert!(tokio::time::timeout(limit, join_all(answers)).await.is_err());
        // Whoever still waited to send would do so now.
        tokio::task::yield_now().await;
        done.notify_waiters();
        tokio::time::sleep(limit).await;
        assert!(link.messages().is_empty(), "{:?}", link.messages());
    }

    #[tokio::test]
    async fn a_message_that_is_lost_is_an_error_to_each() {
        let (batches, link) =
            (Arc::<Batches>::default(), Echo { state: Some(State::Broken), ..Echo::default() });
        let commands = commands(&["a", "b", "c"]);
        for answer in join_all(commands.iter().map(|command| batches.send(&link, command))).await {
            assert!(answer.unwrap_err().is_io_error());
        }
        assert_eq!(link.messages(), [&["a"][..], &["b", "c"]]);
    }

    #[tokio::test]
    async fn messages_are_bounded() {
        let (batches, link) = (Arc::<Batches>::default(), Echo::default());
        let mut commands = commands(&["a"; 2 * AT_ONCE + 3]);
        commands[1].arg(vec![0; SMALL]);
        assert!(
            join_all(commands.iter().map(|command| batches.send(&link, command)))
                .await
                .iter()
                .all(Result::is_ok)
        );
        let mut lengths: Vec<_> = link.messages().iter().map(Vec::len).collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [1, 1, 1, AT_ONCE, AT_ONCE]);
    }

    #[tokio::test]
    async fn a_runtime_that_does_not_run_holds_nobody_up() {
        let (batches, link) = (Arc::<Batches>::default(), Echo::default());
        let commands = commands(&["a", "b", "c", "d"]);
        let _alone = batches.send(&link, &commands[0]);
        let idle = Builder::new_current_thread().build().unwrap();
        // It is left before it has sent anything, and may come back at any time.
        let held = {
            let _entered = idle.enter();
            batches.send(&link, &commands[1])
        };
        let others = join_all(commands[2..].iter().map(|command| batches.send(&link, command)));
        let others = tokio::time::timeout(Duration::from_secs(10), others).await.expect("nobody is held up");
        assert!(others.iter().all(Result::is_ok));
        assert_eq!(link.messages(), [["c", "d"]], "another runtime's command is carried off");
        std::thread::scope(|scope| {
            let answer = scope.spawn(move || idle.block_on(held)).join().unwrap();
            assert_eq!(answer.unwrap(), Value::SimpleString("b".to_owned()));
        });
    }

    #[tokio::test]
    async fn a_runtime_that_ends_takes_its_own_commands_along_and_no_others() {
        let (batches, link) = (Arc::<Batches>::default(), Echo::default());
        let commands = commands(&["a", "b", "c"]);
        let _alone = batches.send(&link, &commands[0]);
        let here = batches.send(&link, &commands[1]);
        let other = Builder::new_current_thread().build().unwrap();
        let there = {
            let _entered = other.enter();
            batches.send(&link, &commands[2])
        };
        other.shutdown_background();
        assert!(there.await.unwrap_err().is_io_error());
        assert_eq!(here.await.unwrap(), Value::SimpleString("b".to_owned()));
        assert_eq!(link.messages(), [["b"]]);
    }
}
