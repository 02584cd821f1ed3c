//! What the server runs: each script checks its condition and writes, and nothing comes in between.
//!
//! A record's value is laid out so that a script needs only its head:
//!
//! ```text
//!   0   4  "fsr1": a fastsession record, version 1 of this layout
//!   4  32  the record's tag
//!  36  64  the owner's key in hex, or 64 zero bytes
//! 100   8  until when the owner's list keeps the key, seconds since 1970, big-endian, or 8 zero bytes
//! 108   4  length of the listing entry, big-endian
//! 112      the listing entry, then the record
//! ```
//!
//! An owner's list is a sorted set of keys by the time until which they may be needed. On a single server it
//! changes together with the records. On a Cluster it lives on another server than they do; see `cluster.rs`.
//! The npm package has the same scripts, and a test that compares them.

use fastsession_core::store::{Condition, HEX_LENGTH, OwnerKey, TAG_LENGTH, Tag};
use redis::{Cmd, RedisError, ServerErrorKind, Value};

use super::super::Put;
use super::seconds;

pub(super) const HEAD_LENGTH: usize = 112;
/// Bytes of a time.
const TIME_LENGTH: usize = 8;
const VERSION_LENGTH: usize = TAG_LENGTH + HEX_LENGTH + TIME_LENGTH;
const MAGIC: &[u8; 4] = b"fsr1";

/// The write of most requests, whose record stays where it is on its owner's list, if on any. KEYS: record. ARGV: what
/// the value has from the tag to the length of the entry, value, expiry in ms.
///
/// 0: the tag is another. 1: done. 2: nothing done, the owner's list would change: a case for [`PUT`].
pub(super) const REPLACE: &str = r"
local call, key, version = redis.call, KEYS[1], ARGV[1]
local head = call('GETRANGE', key, 4, 107)
if head == version then
  call('SET', key, ARGV[2], 'PXAT', ARGV[3])
  return 1
end
if string.sub(head, 1, 32) == string.sub(version, 1, 32) then return 2 end
return 0";

/// KEYS: record. ARGV: condition, tag, value, expiry in ms, owner or '', '1' if the key joins the owner's list.
/// On a single server also: prefix of lists, key, until, now.
///
/// 0: the condition does not hold. 1: done. 2 (Cluster): nothing done, the key has to join its owner's list first.
pub(super) const PUT: &str = r"
local head = redis.call('GETRANGE', KEYS[1], 0, 107)
local tag, was = string.sub(head, 5, 36), string.sub(head, 37, 100)
if (ARGV[1] == 'absent' and #head > 0) or (ARGV[1] == 'matches' and tag ~= ARGV[2]) then return 0 end
local lists = ARGV[7]
if ARGV[5] ~= '' and (ARGV[6] == '1' or string.sub(head, 37) ~= string.sub(ARGV[3], 37, 108)) then
  if lists then
    local list = lists .. ARGV[5]
    redis.call('ZREMRANGEBYSCORE', list, '-inf', ARGV[10])
    redis.call('ZADD', list, ARGV[9], ARGV[8])
    redis.call('EXPIREAT', list, redis.call('ZREVRANGE', list, 0, 0, 'WITHSCORES')[2])
  elseif ARGV[6] ~= '1' then
    return 2
  end
end
redis.call('SET', KEYS[1], ARGV[3], 'PXAT', ARGV[4])
if lists and #was == 64 and string.byte(was) ~= 0 and was ~= ARGV[5] then
  redis.call('ZREM', lists .. was, ARGV[8])
end
return 1";

/// KEYS: record. ARGV: condition, tag. On a single server also: prefix of lists, key. 0 or 1 as above. On a Cluster an owner
/// means 1 as well, and that its list still names the key.
pub(super) const DELETE: &str = r"
local head = redis.pcall('GETRANGE', KEYS[1], 0, 99)
if type(head) ~= 'string' then
  if ARGV[1] ~= 'any' then return head end
  head = ''
end
local tag, was = string.sub(head, 5, 36), string.sub(head, 37, 100)
if (ARGV[1] == 'absent' and #head > 0) or (ARGV[1] == 'matches' and tag ~= ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
if #was < 64 or string.byte(was) == 0 then return 1 end
if not ARGV[3] then return was end
redis.call('ZREM', ARGV[3] .. was, ARGV[4])
return 1";

/// Single server. KEYS: list. ARGV: prefix of records, owner. Keys and entries in turn; what cannot be read has an empty entry.
pub(super) const LIST: &str = r"
local filed = {}
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local head = redis.pcall('GETRANGE', ARGV[1] .. key, 0, 111)
  if type(head) ~= 'string' or #head > 0 and (#head < 112 or string.sub(head, 1, 4) ~= 'fsr1') then
    filed[#filed + 1] = key
    filed[#filed + 1] = ''
  elseif string.sub(head, 37, 100) == ARGV[2] then
    local length = struct.unpack('>I4', string.sub(head, 109, 112))
    local entry = ''
    if length > 0 then entry = redis.call('GETRANGE', ARGV[1] .. key, 112, 111 + length) end
    filed[#filed + 1] = key
    filed[#filed + 1] = entry
  end
end
return filed";

/// Single server. KEYS: list. ARGV: prefix of records, owner, 'all' or 'only' or 'except', key. How many were ended. What
/// cannot be read is ended as well, since the list says whose it is.
pub(super) const END: &str = r"
local ended = 0
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if ARGV[3] == 'all' or (ARGV[3] == 'only') == (key == ARGV[4]) then
    local head = redis.pcall('GETRANGE', ARGV[1] .. key, 0, 99)
    if type(head) ~= 'string' or string.sub(head, 37, 100) == ARGV[2]
        or #head > 0 and (#head < 100 or string.sub(head, 1, 4) ~= 'fsr1') then
      ended = ended + redis.call('DEL', ARGV[1] .. key)
    end
    redis.call('ZREM', KEYS[1], key)
  end
end
return ended";

/// Cluster. KEYS: record. ARGV: owner, '1' if the record is known to be on the owner's list. 1 if the record was that
/// owner's and is gone now. 2: nothing done, it cannot be read, and only the list can say whose it is.
pub(super) const END_ONE: &str = r"
local head = redis.pcall('GETRANGE', KEYS[1], 0, 99)
if type(head) ~= 'string' or #head > 0 and (#head < 100 or string.sub(head, 1, 4) ~= 'fsr1') then
  if ARGV[2] ~= '1' then return 2 end
elseif string.sub(head, 37, 100) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])";

/// Cluster. KEYS: list, the same keys in the order of their filing, gate. ARGV: key, until, now.
/// 0: the gate is shut. 1: done.
pub(super) const FILE: &str = r"
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])) do
  redis.call('ZREM', KEYS[1], old)
  redis.call('ZREM', KEYS[2], old)
end
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not before or tonumber(before) < tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] or 0
  redis.call('ZADD', KEYS[2], tonumber(last) + 1, ARGV[1])
end
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
redis.call('EXPIREAT', KEYS[1], last)
redis.call('EXPIREAT', KEYS[2], last)
return 1";

/// Cluster. KEYS: gate. ARGV: who shut it.
pub(super) const OPEN_GATE: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1";

/// A script by the hash that the server knows it by once it has run.
pub(super) struct Script {
    code: &'static str,
    hash: String,
}

impl Script {
    pub(super) fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    /// Calls it by its hash, with these keys; the arguments are appended by the caller.
    pub(super) fn call(&self, keys: &[&str]) -> Cmd {
        // What the short scripts take besides the value: without it, memory would be asked for again and again.
        let mut command = Cmd::with_capacity(8, 1_024);
        command.arg("EVALSHA").arg(&self.hash).arg(keys.len()).arg(keys);
        command
    }

    /// The same call with the script's text, for a server that does not know it (yet, or since its restart).
    pub(super) fn in_full(&self, call: &Cmd) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(self.code);
        for argument in call.args_iter().skip(2) {
            match argument {
                redis::Arg::Simple(bytes) => command.arg(bytes),
                _ => &mut command,
            };
        }
        command
    }
}

pub(super) fn is_unknown(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript)
}

/// The condition's name and tag, as scripts take them.
pub(super) fn condition(condition: &Condition) -> (&'static str, &[u8]) {
    match condition {
        Condition::Absent => ("absent", &[]),
        Condition::Matches(tag) => ("matches", tag.as_bytes()),
        Condition::Any => ("any", &[]),
    }
}

/// The value for `put`; `None` if a length does not fit.
pub(super) fn encode(put: &Put<'_>) -> Option<Vec<u8>> {
    let entry = put.filing.map_or(&[][..], |filing| filing.entry);
    let length = HEAD_LENGTH.checked_add(entry.len())?.checked_add(put.record.len())?;
    let mut value = Vec::with_capacity(length);
    value.extend_from_slice(MAGIC);
    value.extend_from_slice(&version(&Tag::of(put.record), put));
    value.extend_from_slice(&u32::try_from(entry.len()).ok()?.to_be_bytes());
    value.extend_from_slice(entry);
    value.extend_from_slice(put.record);
    Some(value)
}

/// What stands in the value of `put` from the tag to the length of the entry, with this tag.
pub(super) fn version(tag: &Tag, put: &Put<'_>) -> [u8; VERSION_LENGTH] {
    let mut version = [0; VERSION_LENGTH];
    let filed = put.filing.map(|filing| (filing.owner.to_hex(), seconds(filing.until).to_be_bytes()));
    let (owner, until) =
        filed.as_ref().map_or((&[][..], &[][..]), |(owner, until)| (owner.as_bytes(), until));
    for (to, from) in version.iter_mut().zip(tag.as_bytes().iter().chain(owner).chain(until)) {
        *to = *from;
    }
    version
}

/// The parts of a value's head.
pub(super) struct Head {
    pub(super) owner: Option<OwnerKey>,
    /// Where the listing entry ends and the record begins.
    pub(super) record_at: usize,
}

impl Head {
    /// `None` if this is not a value of ours.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let (magic, rest) = value.split_first_chunk::<4>()?;
        let (_tag, rest) = rest.split_first_chunk::<TAG_LENGTH>()?;
        let (owner, rest) = rest.split_first_chunk::<HEX_LENGTH>()?;
        let (_until, rest) = rest.split_first_chunk::<TIME_LENGTH>()?;
        let (entry_length, _) = rest.split_first_chunk::<4>()?;
        let entry_length = usize::try_from(u32::from_be_bytes(*entry_length)).ok()?;
        let owner = std::str::from_utf8(owner).ok().and_then(OwnerKey::from_hex);
        (magic == MAGIC).then_some(Self { owner, record_at: HEAD_LENGTH.checked_add(entry_length)? })
    }
}

/// Whether a value that begins with these four bytes is one of ours.
pub(super) fn is_ours(start: &[u8]) -> bool {
    start == MAGIC
}

/// The bytes of an answer; `None` for nil and for what is no string.
pub(super) fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_in_full_has_the_same_arguments() {
        let script = Script::new(END_ONE);
        let mut call = script.call(&["record"]);
        call.arg("owner").arg(&b"\0\xff"[..]);
        let full = script.in_full(&call);
        let arguments: Vec<_> = full
            .args_iter()
            .map(|argument| match argument {
                redis::Arg::Simple(bytes) => bytes.to_vec(),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(arguments, [b"EVAL", END_ONE.as_bytes(), b"1", b"record", b"owner", b"\0\xff"]);
    }
}
