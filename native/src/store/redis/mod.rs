//! Sessions in Redis (6.2 or newer) or Valkey: a single server, the master that Sentinels name, or a Cluster.
//!
//! A read is one round trip and a write is one, its condition checked on the server: by a script, or by `SET NX` where there must be
//! no record yet. (If there is one after all, a second round trip tells what.) Redis forgets
//! expired records by itself. On a Cluster a record's first place on its owner's list costs one more round trip.
//!
//! All operations go over one connection (on a Cluster, one to each server). Except on a Cluster, those that are ready at the same
//! moment travel as one message, and none waits for others to come. Each has an answer of its own; they are answered together, and a
//! message that is lost or late is so for all in it.
//!
//! Redis acknowledges a write before its replicas have it, so a failover can lose the last acknowledged writes, sign-outs
//! among them. Give it a memory policy of `noeviction` or `volatile-ttl`: any eviction signs visitors out.

mod batch;
mod cluster;
mod connection;
mod scripts;
mod target;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastsession_core::store::{Condition, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;
use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::time::error::Elapsed;

use self::cluster::Size;
use self::connection::Connection;
use self::scripts::{Head, Script};
use self::target::Target;
use super::{Capabilities, Filed, Progress, Put, Stats, Step, Store, StoreError, StoreErrorKind};

/// A store in Redis. Clones are the same store and share their connections, which reconnect by themselves.
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    connection: Connection,
    timeout: Duration,
    place: String,
    /// What the names of records and of lists begin with.
    records: String,
    lists: String,
    scripts: Scripts,
}

struct Scripts {
    replace: Script,
    put: Script,
    delete: Script,
    list: Script,
    end: Script,
    end_one: Script,
    file: Script,
    open_gate: Script,
}

/// How to open a [`RedisStore`].
pub struct Builder {
    url: String,
    prefix: Option<String>,
    timeout: Duration,
}

impl RedisStore {
    /// Connects to the servers of `url`; see [`builder`](Self::builder).
    ///
    /// # Errors
    /// As [`Builder::connect`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder(url).connect().await
    }

    /// The store on the servers of `url`, with settings to come:
    ///
    /// - `redis://[user:password@]host[:port][/database]`
    /// - `redis+sentinel://[user:password@]sentinel,sentinel…/master[/database]`
    /// - `redis+cluster://[user:password@]node,node…`
    ///
    /// `rediss` instead of `redis` means TLS (feature `redis-tls`). `?prefix=` sets the prefix.
    pub fn builder(url: &str) -> Builder {
        Builder { url: url.to_owned(), prefix: None, timeout: Duration::from_secs(5) }
    }

    fn record(&self, key: &StoreKey) -> String {
        [self.0.records.as_str(), &key.to_hex()].concat()
    }

    /// The prefix of lists, where scripts may touch a list beside a record.
    fn lists(&self) -> Option<&str> {
        (!self.0.connection.is_cluster()).then_some(self.0.lists.as_str())
    }

    /// Runs a script: one round trip, two if the server does not know it yet.
    fn call(
        &self,
        operation: &'static str,
        script: &Script,
        call: &Cmd,
        reads: bool,
    ) -> impl Future<Output = Result<Value, StoreError>> {
        self.run(operation, call, Some(script), reads)
    }

    fn read(
        &self,
        operation: &'static str,
        command: &Cmd,
    ) -> impl Future<Output = Result<Value, StoreError>> {
        self.run(operation, command, None, true)
    }

    /// Runs a command, or a script by its hash; see [`Connection::run`].
    async fn run(
        &self,
        operation: &'static str,
        command: &Cmd,
        script: Option<&Script>,
        reads: bool,
    ) -> Result<Value, StoreError> {
        let (connection, start) = (&self.0.connection, Instant::now());
        let error = match tokio::time::timeout(self.0.timeout, connection.send(command)).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(elapsed) => return Err(self.late(operation, elapsed)),
        };
        // Boxed, since it is rare: what every operation under way takes stays small.
        let again = Box::pin(async move {
            match (connection.run_again(command, reads, error).await, script) {
                (Err(error), Some(script)) if scripts::is_unknown(&error) => {
                    connection.run(&script.in_full(command), reads).await
                }
                (answer, _) => answer,
            }
        });
        self.within(operation, self.0.timeout.saturating_sub(start.elapsed()), again).await
    }

    /// Bounds the time of an operation and puts its error into words.
    async fn within<T>(
        &self,
        operation: &'static str,
        time: Duration,
        work: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(time, work).await {
            Ok(result) => result.map_err(|error| failed(operation, error).at(self.0.place.clone())),
            Err(elapsed) => Err(self.late(operation, elapsed)),
        }
    }

    fn late(&self, operation: &'static str, elapsed: Elapsed) -> StoreError {
        StoreError::new(StoreErrorKind::Unavailable, ENGINE, operation, elapsed).at(self.0.place.clone())
    }

    fn corrupt(&self, operation: &'static str, detail: &str) -> StoreError {
        StoreError::message(StoreErrorKind::Corrupt, ENGINE, operation, format!("{}: {detail}", self.0.place))
    }

    fn number(&self, operation: &'static str, value: &Value) -> Result<u64, StoreError> {
        match value {
            Value::Int(number) => Ok(u64::try_from(*number).unwrap_or_default()),
            _ => Err(self.corrupt(operation, "a script answered something else than a number")),
        }
    }

    /// Writes a record whose owner's list, if any, stays as it is; `None` if that is not known or not so.
    async fn write_alone(&self, put: &Put<'_>, value: &[u8]) -> Result<Option<Outcome>, StoreError> {
        if put.filing.is_some_and(|filing| filing.is_new) {
            return Ok(None);
        }
        match put.condition {
            Condition::Matches(tag) => {
                let script = &self.0.scripts.replace;
                let mut call = script.call(&[&self.record(&put.key)]);
                call.arg(&scripts::version(&tag, put)[..]).arg(value).arg(milliseconds(put.expires_at));
                match self.call("put", script, &call, false).await? {
                    Value::Int(0) => Ok(Some(Outcome::Conflict)),
                    Value::Int(1) => Ok(Some(Outcome::Applied)),
                    Value::Int(2) => Ok(None),
                    _ => Err(self.corrupt("put", "a script answered something else than it can")),
                }
            }
            Condition::Absent if put.filing.is_none() => {
                let mut command = redis::cmd("SET");
                command
                    .arg(self.record(&put.key))
                    .arg(value)
                    .arg("NX")
                    .arg("PXAT")
                    .arg(milliseconds(put.expires_at));
                match self.run("put", &command, None, false).await? {
                    // There is something; what, the script will tell.
                    Value::Nil => Ok(None),
                    Value::Okay => Ok(Some(Outcome::Applied)),
                    _ => Err(self.corrupt("put", "the server answered something else than it can")),
                }
            }
            Condition::Absent | Condition::Any => Ok(None),
        }
    }

    /// Writes a record whose owner's list may change.
    async fn write_on_list(&self, put: &Put<'_>, value: &[u8]) -> Result<Outcome, StoreError> {
        let Some(filing) = &put.filing else { return Ok(self.write(put, value, false).await?.into()) };
        if !filing.is_new || self.lists().is_some() {
            match self.write(put, value, filing.is_new).await? {
                Written::NotOnList => {}
                written => return Ok(written.into()),
            }
        }
        self.file(&put.key, filing).await?;
        Ok(self.write(put, value, true).await?.into())
    }

    async fn write(&self, put: &Put<'_>, value: &[u8], joins: bool) -> Result<Written, StoreError> {
        let (condition, tag) = scripts::condition(&put.condition);
        let owner = put.filing.as_ref().map(|filing| filing.owner.to_hex());
        let script = &self.0.scripts.put;
        let mut call = script.call(&[&self.record(&put.key)]);
        call.arg(condition)
            .arg(tag)
            .arg(value)
            .arg(milliseconds(put.expires_at))
            .arg(owner.as_deref().unwrap_or_default())
            .arg(u8::from(joins));
        if let Some(lists) = self.lists() {
            let until = put.filing.as_ref().map_or(put.expires_at, |filing| filing.until);
            call.arg(lists).arg(put.key.to_hex().as_str()).arg(seconds(until)).arg(seconds(UnixTime::now()));
        }
        match self.call("put", script, &call, false).await? {
            Value::Int(0) => Ok(Written::Conflict),
            Value::Int(1) => Ok(Written::Applied),
            Value::Int(2) => Ok(Written::NotOnList),
            _ => Err(self.corrupt("put", "a script answered something else than it can")),
        }
    }
}

enum Written {
    Applied,
    Conflict,
    /// Nothing was done: the key has to join its owner's list first (Cluster).
    NotOnList,
}

impl Builder {
    /// What the names of all keys begin with, on a server that others use too; `fastsession:` unless set. No braces.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = Some(prefix.to_owned());
        self
    }

    /// How long an operation may take before it counts as failed; 5 seconds unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// [`StoreErrorKind::Configuration`] for a URL that it does not understand, otherwise what the servers say.
    pub async fn connect(self) -> Result<RedisStore, StoreError> {
        let misunderstood =
            |detail: String| StoreError::message(StoreErrorKind::Configuration, ENGINE, "open", detail);
        let target = Target::parse(&self.url).map_err(misunderstood)?;
        let prefix =
            self.prefix.or_else(|| target.prefix.clone()).unwrap_or_else(|| "fastsession:".to_owned());
        if prefix.contains(['{', '}']) {
            return Err(misunderstood("the prefix must hold no braces".to_owned()));
        }
        let place = target.place();
        let opening = async {
            let connection = Connection::open(&target, self.timeout).await?;
            // A server that wants a password connects without one.
            connection.run(&redis::cmd("PING"), true).await?;
            Ok(connection)
        };
        let opened = match tokio::time::timeout(self.timeout.saturating_mul(2), opening).await {
            Ok(opened) => opened.map_err(|error| failed("open", error)),
            Err(elapsed) => Err(StoreError::new(StoreErrorKind::Unavailable, ENGINE, "open", elapsed)),
        };
        Ok(RedisStore(Arc::new(Inner {
            connection: opened.map_err(|error| error.at(place.clone()))?,
            timeout: self.timeout,
            place,
            records: format!("{prefix}record:"),
            lists: format!("{prefix}owner:"),
            scripts: Scripts {
                replace: Script::new(scripts::REPLACE),
                put: Script::new(scripts::PUT),
                delete: Script::new(scripts::DELETE),
                list: Script::new(scripts::LIST),
                end: Script::new(scripts::END),
                end_one: Script::new(scripts::END_ONE),
                file: Script::new(scripts::FILE),
                open_gate: Script::new(scripts::OPEN_GATE),
            },
        })))
    }
}

impl Store for RedisStore {
    fn engine(&self) -> &'static str {
        ENGINE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { self_purging: true, ..Capabilities::default() }
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        let name = self.record(key);
        let mut command = Cmd::with_capacity(2, name.len().saturating_add(3));
        command.arg("GET").arg(&name);
        let Some(mut value) = scripts::bytes(self.read("get", &command).await?) else { return Ok(None) };
        match Head::read(&value) {
            Some(head) if head.record_at <= value.len() => {
                value.drain(..head.record_at);
                Ok(Some(value))
            }
            _ => Err(self.corrupt("get", &format!("what is under {key} is no record of this version"))),
        }
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        let Some(value) = scripts::encode(&put) else {
            return Err(StoreError::message(StoreErrorKind::Full, ENGINE, "put", "4 GiB or more"));
        };
        if let Some(outcome) = self.write_alone(&put, &value).await? {
            return Ok(outcome);
        }
        // Boxed, since it is rare: what every operation under way takes stays small.
        Box::pin(self.write_on_list(&put, &value)).await
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        let (name, tag) = scripts::condition(&condition);
        let script = &self.0.scripts.delete;
        let mut call = script.call(&[&self.record(key)]);
        call.arg(name).arg(tag);
        if let Some(lists) = self.lists() {
            call.arg(lists).arg(key.to_hex().as_str());
        }
        match self.call("delete", script, &call, false).await? {
            Value::Int(0) => Ok(Outcome::Conflict),
            Value::Int(1) => Ok(Outcome::Applied),
            // On a Cluster: the owner.
            Value::BulkString(owner) => {
                if let Some(owner) = std::str::from_utf8(&owner).ok().and_then(OwnerKey::from_hex) {
                    self.leave(&owner, &[*key]).await;
                }
                Ok(Outcome::Applied)
            }
            _ => Err(self.corrupt("delete", "a script answered something else than it can")),
        }
    }

    async fn list(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        let Some(lists) = self.lists() else { return self.list_in_cluster(owner).await };
        let owner = owner.to_hex();
        let script = &self.0.scripts.list;
        let mut call = script.call(&[&[lists, &owner].concat()]);
        call.arg(&self.0.records).arg(owner.as_str());
        let Value::Array(answer) = self.call("list", script, &call, true).await? else {
            return Err(self.corrupt("list", "a script answered something else than a list"));
        };
        let mut parts = answer.into_iter().filter_map(scripts::bytes);
        let mut filed = Vec::new();
        while let (Some(key), Some(entry)) = (parts.next(), parts.next()) {
            let key = std::str::from_utf8(&key).ok().and_then(StoreKey::from_hex);
            filed.extend(key.map(|key| Filed { key, entry }));
        }
        Ok(filed)
    }

    async fn delete_owned(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        let Some(lists) = self.lists() else { return self.end_in_cluster(owner, which).await };
        let owner = owner.to_hex();
        let (meant, key) = match &which {
            Which::All => ("all", None),
            Which::Only(key) => ("only", Some(key.to_hex())),
            Which::Except(key) => ("except", Some(key.to_hex())),
        };
        let key = key.as_deref().unwrap_or_default();
        let script = &self.0.scripts.end;
        let mut call = script.call(&[&[lists, &owner].concat()]);
        call.arg(&self.0.records).arg(owner.as_str()).arg(meant).arg(key);
        let ended = self.call("delete_owned", script, &call, false).await?;
        self.number("delete_owned", &ended)
    }

    async fn stats(&self, progress: &Progress) -> Result<Stats, StoreError> {
        let nodes = self.nodes().await?;
        let mut step = Step::default();
        let (mut records, mut owners, mut bytes, mut unreadable) = (0_u64, 0_u64, 0_u64, 0_u64);
        for (prefix, is_list) in [(&self.0.records, false), (&self.0.lists, true)] {
            for node in &nodes {
                let mut cursor = "0".to_owned();
                loop {
                    let (next, mut names) = self.scan(node.as_ref(), &cursor, prefix).await?;
                    names.retain(|name| cluster::is_list(name));
                    if is_list {
                        owners = owners.saturating_add(names.len() as u64);
                    } else {
                        for size in self.sizes(&names).await? {
                            match size {
                                Size::Gone => {}
                                Size::Unreadable => unreadable = unreadable.saturating_add(1),
                                Size::Bytes(size) => {
                                    records = records.saturating_add(1);
                                    bytes = bytes.saturating_add(size);
                                }
                            }
                        }
                    }
                    step.done = step.done.saturating_add(1);
                    step.records = records;
                    progress.report(step);
                    cursor = next;
                    if cursor == "0" {
                        break;
                    }
                }
            }
        }
        let (owners, bytes, unreadable) = (Some(owners), Some(bytes), Some(unreadable));
        Ok(Stats { records, expired: None, owners, bytes, unreadable })
    }
}

impl From<Written> for Outcome {
    fn from(written: Written) -> Self {
        match written {
            Written::Applied => Self::Applied,
            Written::Conflict | Written::NotOnList => Self::Conflict,
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisStore({})", self.0.place)
    }
}

impl fmt::Debug for Builder {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder({:?}, {:?})", self.prefix, self.timeout)
    }
}

fn failed(operation: &'static str, error: RedisError) -> StoreError {
    let kind = match (error.kind(), error.code()) {
        (_, Some("OOM")) => StoreErrorKind::Full,
        (ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm), _)
        | (_, Some("NOAUTH" | "WRONGPASS" | "NOPERM")) => StoreErrorKind::Denied,
        (_, Some("WRONGTYPE")) | (ErrorKind::Parse | ErrorKind::UnexpectedReturnType, _) => {
            StoreErrorKind::Corrupt
        }
        (ErrorKind::InvalidClientConfig | ErrorKind::EmptySentinelList | ErrorKind::RESP3NotSupported, _) => {
            StoreErrorKind::Configuration
        }
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind, ENGINE, operation, error)
}

/// Redis counts in milliseconds and takes no time that it cannot count to.
fn milliseconds(time: UnixTime) -> u64 {
    seconds(time).saturating_mul(1_000)
}

fn seconds(time: UnixTime) -> u64 {
    /// The end of the year 9999.
    const LAST: u64 = 253_402_300_799;
    time.as_secs().clamp(1, LAST)
}

const ENGINE: &str = "Redis";
