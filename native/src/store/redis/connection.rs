//! One way to send a command to a server, to the master that Sentinels name, and to a Cluster.
//!
//! A command whose outcome is unknown (the connection broke after it was sent) is not sent again: it might be done
//! twice, or be told that its condition does not hold because it was done before. What is sent again are reads,
//! and commands that the server refused before it did anything.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
};
use tokio::sync::Mutex;

use super::batch::{Answer, Batches, Link};
use super::target::{Target, Topology};

#[derive(Clone)]
pub(super) enum Connection {
    Single(ConnectionManager, Arc<Batches>),
    Sentinel(Arc<Sentinel>, Arc<Batches>),
    Cluster(ClusterConnection),
}

/// The connection to the master, found anew after each failure.
pub(super) struct Sentinel {
    client: Mutex<SentinelClient>,
    master: Mutex<Option<(u64, MultiplexedConnection)>>,
    config: AsyncConnectionConfig,
}

/// How long to wait for a connection; an answer gets the store's timeout.
const CONNECT: Duration = Duration::from_secs(2);
/// The first pause before a refused command is sent again; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Connection {
    pub(super) async fn open(target: &Target, timeout: Duration) -> RedisResult<Self> {
        match &target.topology {
            Topology::Single(info) => {
                let config = ConnectionManagerConfig::new()
                    .set_connection_timeout(Some(CONNECT))
                    .set_response_timeout(Some(timeout))
                    .set_number_of_retries(1)
                    .set_min_delay(PAUSE);
                let client = redis::Client::open(info.clone())?;
                Ok(Self::Single(ConnectionManager::new_with_config(client, config).await?, Arc::default()))
            }
            Topology::Sentinel { sentinels, master, node } => {
                let node = SentinelNodeConnectionInfo::default()
                    .set_redis_connection_info(node.redis_settings().clone());
                let node = if target.tls { node.set_tls_mode(redis::TlsMode::Secure) } else { node };
                let kind = SentinelServerType::Master;
                let client = SentinelClient::build(sentinels.clone(), master.clone(), Some(node), kind)?;
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT))
                    .set_response_timeout(Some(timeout));
                let sentinel = Sentinel { client: Mutex::new(client), master: Mutex::new(None), config };
                sentinel.master().await?;
                Ok(Self::Sentinel(Arc::new(sentinel), Arc::default()))
            }
            Topology::Cluster(nodes) => {
                let builder = ClusterClient::builder(nodes.clone())
                    .connection_timeout(CONNECT)
                    .response_timeout(timeout)
                    .retries(0);
                Ok(Self::Cluster(builder.build()?.get_async_connection().await?))
            }
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Sends `command` and, if it was refused before it did anything, sends it again, until it is accepted. The
    /// caller sets a limit to the time. A command that only `reads` is also sent again, once, when the connection broke.
    pub(super) async fn run(&self, command: &Cmd, reads: bool) -> RedisResult<Value> {
        match self.send(command).await {
            Err(error) => self.run_again(command, reads, error).await,
            answer => answer,
        }
    }

    /// Sends `command` once.
    pub(super) fn send<'a>(&'a self, command: &'a Cmd) -> Answer<'a> {
        match self {
            Self::Single(connection, batches) => batches.send(connection, command),
            Self::Sentinel(sentinel, batches) => batches.send(sentinel, command),
            Self::Cluster(connection) => {
                Answer::alone(async { connection.clone().req_packed_command(command).await })
            }
        }
    }

    /// Goes on after `error`, which was the answer to `command`; as [`run`](Self::run). Boxed: it is large, and rarely needed.
    pub(super) fn run_again<'a>(
        &'a self,
        command: &'a Cmd,
        reads: bool,
        mut error: RedisError,
    ) -> Pin<Box<dyn Future<Output = RedisResult<Value>> + Send + 'a>> {
        Box::pin(async move {
            let mut pause = PAUSE;
            let mut broke = false;
            loop {
                let result = match verdict(&error) {
                    Verdict::Moved if self.is_cluster() => {
                        let result = self.follow(command, &error).await;
                        if result.as_ref().is_err_and(|error| matches!(verdict(error), Verdict::Moved)) {
                            tokio::time::sleep(pause).await;
                        }
                        result
                    }
                    Verdict::Refused => {
                        self.forget_master(&error).await;
                        tokio::time::sleep(pause).await;
                        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                        self.send(command).await
                    }
                    Verdict::Broken if reads && !broke => {
                        broke = true;
                        self.send(command).await
                    }
                    Verdict::Moved | Verdict::Broken | Verdict::Final => return Err(error),
                };
                match result {
                    Err(next) => error = next,
                    answer => return answer,
                }
            }
        })
    }

    /// Sends the command to where the Cluster says that the key is now, or just is being moved to.
    async fn follow(&self, command: &Cmd, error: &RedisError) -> RedisResult<Value> {
        let (Self::Cluster(connection), Some((address, _))) = (self, error.redirect_node()) else {
            return Err(error.clone());
        };
        let Some((host, port)) = address.rsplit_once(':') else { return Err(error.clone()) };
        let Ok(port) = port.parse() else { return Err(error.clone()) };
        let route = SingleNodeRoutingInfo::ByAddress { host: host.to_owned(), port };
        let mut connection = connection.clone();
        let answer = if error.kind() == ErrorKind::Server(ServerErrorKind::Ask) {
            let mut pipeline = redis::pipe();
            pipeline.cmd("ASKING").ignore().add_command(command.clone());
            let mut answers = connection.route_pipeline(pipeline, 0, 2, route).await?;
            answers.pop().unwrap_or(Value::Nil)
        } else {
            connection.route_command(command.clone(), RoutingInfo::SingleNode(route)).await?
        };
        answer.extract_error()
    }

    /// Sends `command`, which only reads, to the server at this address of a Cluster, or to the only one. A connection that is
    /// not there is made again meanwhile; the caller sets a limit to the time.
    pub(super) async fn run_at(&self, command: &Cmd, node: Option<&(String, u16)>) -> RedisResult<Value> {
        match (self, node) {
            (Self::Cluster(connection), Some((host, port))) => {
                let route = SingleNodeRoutingInfo::ByAddress { host: host.clone(), port: *port };
                let mut pause = PAUSE;
                loop {
                    let route = RoutingInfo::SingleNode(route.clone());
                    let answer = connection.clone().route_command(command.clone(), route).await;
                    match answer.and_then(Value::extract_error) {
                        Err(error) if matches!(verdict(&error), Verdict::Refused) => {
                            tokio::time::sleep(pause).await;
                            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                        }
                        answer => return answer,
                    }
                }
            }
            _ => self.run(command, true).await,
        }
    }

    async fn forget_master(&self, error: &RedisError) {
        if let Self::Sentinel(sentinel, _) = self
            && error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
        {
            *sentinel.master.lock().await = None;
        }
    }
}

impl Link for ConnectionManager {
    async fn one(&self, command: &Cmd) -> RedisResult<Value> {
        self.clone().send_packed_command(command).await
    }

    async fn all(&self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        self.clone().send_packed_commands(commands, 0, commands.len()).await
    }
}

impl Link for Arc<Sentinel> {
    async fn one(&self, command: &Cmd) -> RedisResult<Value> {
        let (number, mut master) = self.master().await?;
        let answer = master.send_packed_command(command).await;
        self.look_at(number, answer.as_ref().err()).await;
        answer
    }

    async fn all(&self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        let (number, mut master) = self.master().await?;
        let answers = master.send_packed_commands(commands, 0, commands.len()).await;
        self.look_at(number, answers.as_ref().err()).await;
        answers
    }
}

impl Sentinel {
    /// Gives the connection of this number up if it broke or hangs.
    async fn look_at(&self, number: u64, error: Option<&RedisError>) {
        if error.is_some_and(|error| error.is_unrecoverable_error() || error.is_timeout()) {
            let mut current = self.master.lock().await;
            if current.as_ref().is_some_and(|(current, _)| *current == number) {
                *current = None;
            }
        }
    }

    /// The connection to the master, and which one it is by number.
    async fn master(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        let mut master = self.master.lock().await;
        if let Some(master) = &*master {
            return Ok(master.clone());
        }
        let mut client = self.client.lock().await;
        let asked =
            tokio::time::timeout(CONNECT, client.get_async_connection_with_config(&self.config)).await;
        let connection = asked.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
        let number = CONNECTIONS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(master.insert((number, connection)).clone())
    }
}

static CONNECTIONS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// What an error says about the command.
enum Verdict {
    /// It has to be sent elsewhere.
    Moved,
    /// Nothing was done; later it may be.
    Refused,
    /// Nobody knows.
    Broken,
    /// It failed.
    Final,
}

fn verdict(error: &RedisError) -> Verdict {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => Verdict::Moved,
        ErrorKind::Server(
            ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::BusyLoading
            | ServerErrorKind::ReadOnly,
        )
        | ErrorKind::ClusterConnectionNotFound => Verdict::Refused,
        ErrorKind::Io => Verdict::Broken,
        _ => Verdict::Final,
    }
}
