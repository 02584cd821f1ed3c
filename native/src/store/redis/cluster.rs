//! Owners' lists on a Cluster, where a list is on another server than the records that it names.
//!
//! A key joins the list before its record is written and leaves it when its record has been deleted, or its time is over: a list
//! that names a record too many is harmless, since records know their owner; one that misses a record is not.
//!
//! Ending goes through the keys **in the order of their filing** and does so until nobody has joined meanwhile.
//! A rotation files the new key, writes the new record, then deletes the old one. If the ending
//! finds the old record gone, then the new one was written before, and comes later in the order: it is found too.
//! If the ending is first, the rotation notices that the old record is gone and gives the new one up.
//! So that it comes to an end however fast others rotate, it shuts a gate meanwhile, before which filings wait. The gate
//! opens by itself if its owner dies; nothing depends on it but the time that the ending takes.

use std::collections::BTreeSet;
use std::time::Duration;

use fastsession_core::store::{Filing, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;
use futures_util::future::try_join_all;
use redis::Value;

use super::scripts::{self, HEAD_LENGTH, Head};
use super::{ENGINE, RedisStore, seconds};
use crate::store::{Filed, StoreError, StoreErrorKind};

/// How much of a value is fetched for its listing entry at first; few entries are longer.
const GUESS: usize = 1_024;
/// How long a gate stays shut if nobody opens it, and how long a filing waits before it looks again.
const GATE_OPENS_AFTER: Duration = Duration::from_secs(2);
const WAIT_AT_GATE: Duration = Duration::from_millis(5);
/// What the names of what belongs to a list end in.
const ORDER: &str = ":order";
const GATE: &str = ":gate";

struct ListNames {
    /// The owner's keys by the time until which they are needed.
    list: String,
    /// The same in the order of their filing.
    order: String,
    /// There while all of the owner's records are being ended.
    gate: String,
}

/// What a record takes.
pub(super) enum Size {
    /// Nothing: it went meanwhile.
    Gone,
    /// It is not a record of this version.
    Unreadable,
    Bytes(u64),
}

/// What ending one record answers if nothing was done, since only the list can say whose it is.
const UNREADABLE: u64 = 2;

/// Whether this is the name of a list and not of what belongs to one.
pub(super) fn is_list(name: &str) -> bool {
    !name.ends_with(ORDER) && !name.ends_with(GATE)
}

/// How many records are asked for at once.
const AT_ONCE: usize = 64;

impl RedisStore {
    /// Puts `key` on the owner's list.
    pub(super) async fn file(&self, key: &StoreKey, filing: &Filing<'_>) -> Result<(), StoreError> {
        let script = &self.0.scripts.file;
        let names = self.list_names(&filing.owner);
        let mut call = script.call(&[&names.list, &names.order, &names.gate]);
        call.arg(key.to_hex().as_str()).arg(seconds(filing.until)).arg(seconds(UnixTime::now()));
        let filing = async {
            while self.call("put", script, &call, false).await? == Value::Int(0) {
                tokio::time::sleep(WAIT_AT_GATE).await;
            }
            Ok(())
        };
        match tokio::time::timeout(self.0.timeout, filing).await {
            Ok(filed) => filed,
            Err(elapsed) => {
                Err(StoreError::new(StoreErrorKind::Unavailable, ENGINE, "put", elapsed)
                    .at(self.0.place.clone()))
            }
        }
    }

    /// Takes keys of records that were deleted, and so never come back, off their owner's list. What fails here costs a little
    /// room until the keys' time there is over, and no more.
    pub(super) async fn leave(&self, owner: &OwnerKey, keys: &[StoreKey]) {
        let names = self.list_names(owner);
        for keys in keys.chunks(AT_ONCE) {
            for list in [&names.list, &names.order] {
                let mut command = redis::cmd("ZREM");
                command.arg(list);
                for key in keys {
                    command.arg(key.to_hex().as_str());
                }
                if let Err(error) = self.run("delete", &command, None, true).await {
                    tracing::warn!(%error, "an owner's list still names records that are gone");
                }
            }
        }
    }

    pub(super) async fn list_in_cluster(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        let keys = self.filed_keys("list", owner).await?;
        let mut filed = Vec::new();
        for keys in keys.chunks(AT_ONCE) {
            let found = try_join_all(keys.iter().map(|key| self.filed(*key, owner))).await?;
            filed.extend(found.into_iter().flatten());
        }
        Ok(filed)
    }

    pub(super) async fn end_in_cluster(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        if let Which::Only(key) = which {
            let ended = self.end_one(&key, owner, false).await?;
            if ended != UNREADABLE {
                return Ok(ended);
            }
            let listed = self.filed_keys("delete_owned", owner).await?.contains(&key);
            return if listed { self.end_one(&key, owner, true).await } else { Ok(0) };
        }
        let gate = self.list_names(owner).gate;
        let me = format!("{:?} {}", std::time::SystemTime::now(), std::process::id());
        let ended = self.end_in_order(owner, which, &gate, &me).await;
        let script = &self.0.scripts.open_gate;
        let mut call = script.call(&[&gate]);
        call.arg(&me);
        // Otherwise it opens by itself.
        let _ = self.call("delete_owned", script, &call, false).await;
        ended
    }

    async fn end_in_order(
        &self,
        owner: &OwnerKey,
        which: Which,
        gate: &str,
        me: &str,
    ) -> Result<u64, StoreError> {
        let mut ended: u64 = 0;
        let mut known = BTreeSet::new();
        loop {
            // If somebody else has shut it already, that does as well.
            let mut shut = redis::cmd("SET");
            shut.arg(gate).arg(me).arg("NX").arg("PX").arg(GATE_OPENS_AFTER.as_millis());
            self.run("delete_owned", &shut, None, true).await?;
            let keys = self.filed_keys("delete_owned", owner).await?;
            if keys.iter().all(|key| known.contains(key)) {
                return Ok(ended);
            }
            let mut gone = Vec::new();
            for key in keys.iter().filter(|key| which.includes(key)) {
                if self.end_one(key, owner, true).await? > 0 {
                    gone.push(*key);
                }
            }
            ended = ended.saturating_add(gone.len() as u64);
            // The others may be about to be written: they stay until their time there is over.
            self.leave(owner, &gone).await;
            known.extend(keys);
        }
    }

    /// Ends one record if it is the owner's; returns how many that were, or [`UNREADABLE`] if it cannot be read and is not
    /// known to be `listed`.
    async fn end_one(&self, key: &StoreKey, owner: &OwnerKey, listed: bool) -> Result<u64, StoreError> {
        let script = &self.0.scripts.end_one;
        let mut call = script.call(&[&self.record(key)]);
        call.arg(owner.to_hex().as_str()).arg(u8::from(listed));
        let ended = self.call("delete_owned", script, &call, false).await?;
        self.number("delete_owned", &ended)
    }

    /// The keys on a list, in the order of their filing.
    async fn filed_keys(
        &self,
        operation: &'static str,
        owner: &OwnerKey,
    ) -> Result<Vec<StoreKey>, StoreError> {
        let mut command = redis::cmd("ZRANGE");
        command.arg(self.list_names(owner).order).arg(0).arg(-1);
        let Value::Array(keys) = self.read(operation, &command).await? else {
            return Err(self.corrupt(operation, "a list is something else than a list"));
        };
        let keys = keys.into_iter().filter_map(scripts::bytes);
        Ok(keys.filter_map(|key| std::str::from_utf8(&key).ok().and_then(StoreKey::from_hex)).collect())
    }

    /// The listing entry of a record, if it lives and has this owner; an empty one if it cannot be read.
    async fn filed(&self, key: StoreKey, owner: &OwnerKey) -> Result<Option<Filed>, StoreError> {
        let mut length = GUESS;
        loop {
            let mut command = redis::cmd("GETRANGE");
            command.arg(self.record(&key)).arg(0).arg(length.saturating_sub(1));
            let unreadable = Filed { key, entry: Vec::new() };
            let value = match self.read("list", &command).await {
                Err(error) if error.kind() == StoreErrorKind::Corrupt => return Ok(Some(unreadable)),
                value => scripts::bytes(value?).unwrap_or_default(),
            };
            let head = match Head::read(&value) {
                None if value.is_empty() => return Ok(None),
                None => return Ok(Some(unreadable)),
                Some(head) if head.owner != Some(*owner) => return Ok(None),
                Some(head) => head,
            };
            if let Some(entry) = value.get(HEAD_LENGTH..head.record_at) {
                return Ok(Some(Filed { key, entry: entry.to_vec() }));
            }
            if length >= head.record_at {
                return Ok(Some(unreadable));
            }
            length = head.record_at;
        }
    }

    /// The braces put all of them on one server.
    fn list_names(&self, owner: &OwnerKey) -> ListNames {
        let list = format!("{}{{{owner}}}", self.0.lists);
        ListNames { order: [list.as_str(), ORDER].concat(), gate: [list.as_str(), GATE].concat(), list }
    }

    /// The servers that hold records; `None` stands for the only one.
    pub(super) async fn nodes(&self) -> Result<Vec<Option<(String, u16)>>, StoreError> {
        if !self.0.connection.is_cluster() {
            return Ok(vec![None]);
        }
        let mut command = redis::cmd("CLUSTER");
        command.arg("NODES");
        let nodes = self.read("stats", &command).await?;
        let nodes: String =
            redis::from_redis_value(nodes).map_err(|_| self.corrupt("stats", "CLUSTER NODES is no text"))?;
        // id host:port@bus[,name] flags master ping pong epoch link slots…; a server that has no slots has no records, whatever
        // it is taken for while a Cluster forms.
        let masters = nodes.lines().filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            let (address, flags) = (words.next()?, words.next()?);
            let holds = words.nth(5).is_some_and(|slots| !slots.is_empty());
            let is = |state: &str| flags.split(',').any(|flag| flag == state);
            let lives = holds && is("master") && !is("fail") && !is("fail?");
            let (host, port) = address.split('@').next()?.rsplit_once(':')?;
            lives.then_some(Some((host.to_owned(), port.parse().ok()?)))
        });
        Ok(masters.collect())
    }

    /// One step through the names that begin with `prefix`: where to go on ("0" at the end), and some names.
    pub(super) async fn scan(
        &self,
        node: Option<&(String, u16)>,
        cursor: &str,
        prefix: &str,
    ) -> Result<(String, Vec<String>), StoreError> {
        let mut command = redis::cmd("SCAN");
        let pattern: String = prefix.chars().flat_map(|letter| ['\\', letter]).chain(['*']).collect();
        command.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1_000);
        let answer = self.within("stats", self.0.timeout, self.0.connection.run_at(&command, node)).await?;
        redis::from_redis_value(answer).map_err(|_| self.corrupt("stats", "SCAN answered something else"))
    }

    /// What each of these records takes.
    pub(super) async fn sizes(&self, names: &[String]) -> Result<Vec<Size>, StoreError> {
        let mut sizes = Vec::with_capacity(names.len());
        for names in names.chunks(AT_ONCE) {
            sizes.extend(try_join_all(names.iter().map(|name| self.size(name))).await?);
        }
        Ok(sizes)
    }

    async fn size(&self, name: &str) -> Result<Size, StoreError> {
        let mut command = redis::cmd("GETRANGE");
        command.arg(name).arg(0).arg(3);
        let start = match self.read("stats", &command).await {
            Err(error) if error.kind() == StoreErrorKind::Corrupt => return Ok(Size::Unreadable),
            start => scripts::bytes(start?).unwrap_or_default(),
        };
        if !scripts::is_ours(&start) {
            return Ok(if start.is_empty() { Size::Gone } else { Size::Unreadable });
        }
        let mut command = redis::cmd("STRLEN");
        command.arg(name);
        let size = self.read("stats", &command).await?;
        Ok(Size::Bytes(self.number("stats", &size)?.saturating_sub(HEAD_LENGTH as u64)))
    }
}
