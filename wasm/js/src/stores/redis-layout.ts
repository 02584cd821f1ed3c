/**
 * How records lie in Redis: the layout and the scripts of the Rust package's store (native/src/store/redis), so that both use
 * the same sessions.
 *
 * ```text
 *   0   4  "fsr1": a fastsession record, version 1 of this layout
 *   4  32  the record's tag
 *  36  64  the owner's key in hex, or 64 zero bytes
 * 100   4  length of the listing entry, big-endian
 * 104      the listing entry, then the record
 * ```
 */

import { type Condition, type Filing, tagOf } from "../store.js";

const MAGIC = Uint8Array.of(0x66, 0x73, 0x72, 0x31);
const HEAD = 104;

/** KEYS: record. ARGV: condition, tag, value, expiry in ms, owner or '', '1' if new to the list, lists, key, until, now. */
export const PUT = `
local head = redis.call('GETRANGE', KEYS[1], 0, 99)
local tag, was = string.sub(head, 5, 36), string.sub(head, 37, 100)
if (ARGV[1] == 'absent' and #head > 0) or (ARGV[1] == 'matches' and tag ~= ARGV[2]) then return 0 end
local lists = ARGV[7]
if ARGV[5] ~= '' and (ARGV[6] == '1' or ARGV[5] ~= was) then
  local list = lists .. ARGV[5]
  redis.call('ZREMRANGEBYSCORE', list, '-inf', ARGV[10])
  redis.call('ZADD', list, ARGV[9], ARGV[8])
  redis.call('EXPIREAT', list, redis.call('ZREVRANGE', list, 0, 0, 'WITHSCORES')[2])
end
redis.call('SET', KEYS[1], ARGV[3], 'PXAT', ARGV[4])
if #was == 64 and string.byte(was) ~= 0 and was ~= ARGV[5] then redis.call('ZREM', lists .. was, ARGV[8]) end
return 1`;

/** KEYS: record. ARGV: condition, tag, lists, key. */
export const DELETE = `
local head = redis.call('GETRANGE', KEYS[1], 0, 99)
local tag, was = string.sub(head, 5, 36), string.sub(head, 37, 100)
if (ARGV[1] == 'absent' and #head > 0) or (ARGV[1] == 'matches' and tag ~= ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
if #was == 64 and string.byte(was) ~= 0 then redis.call('ZREM', ARGV[3] .. was, ARGV[4]) end
return 1`;

/** KEYS: list. ARGV: records, owner. Keys and entries in turn. */
export const LIST = `
local filed = {}
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local head = redis.call('GETRANGE', ARGV[1] .. key, 0, 103)
  if string.sub(head, 37, 100) == ARGV[2] then
    local length = struct.unpack('>I4', string.sub(head, 101, 104))
    local entry = ''
    if length > 0 then entry = redis.call('GETRANGE', ARGV[1] .. key, 104, 103 + length) end
    filed[#filed + 1] = key
    filed[#filed + 1] = entry
  end
end
return filed`;

/** KEYS: list. ARGV: records, owner, 'all' or 'only' or 'except', key. How many were ended. */
export const END = `
local ended = 0
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if ARGV[3] == 'all' or (ARGV[3] == 'only') == (key == ARGV[4]) then
    if redis.call('GETRANGE', ARGV[1] .. key, 36, 99) == ARGV[2] then
      ended = ended + redis.call('DEL', ARGV[1] .. key)
    end
    redis.call('ZREM', KEYS[1], key)
  end
end
return ended`;

/** A record as it is kept. */
export function pack(record: Uint8Array, filing: Filing | undefined): Uint8Array {
  const entry = filing?.entry ?? new Uint8Array(0);
  const value = new Uint8Array(HEAD + entry.length + record.length);
  value.set(MAGIC);
  value.set(tagOf(record), 4);
  if (filing !== undefined) value.set(new TextEncoder().encode(filing.owner), 36);
  new DataView(value.buffer).setUint32(100, entry.length);
  value.set(entry, HEAD);
  value.set(record, HEAD + entry.length);
  return value;
}

/** The record in what is kept. */
export function unpack(value: Uint8Array): Uint8Array {
  const isOurs = value.length >= HEAD && MAGIC.every((byte, at) => value[at] === byte);
  const start = isOurs ? HEAD + new DataView(value.buffer, value.byteOffset).getUint32(100) : Infinity;
  if (start > value.length) throw new TypeError("what Redis holds under this key is no record of this version");
  return value.subarray(start);
}

/** The condition's name and tag, as the scripts take them. */
export function conditionArguments(condition: Condition): [string, Uint8Array] {
  return [condition.kind, condition.kind === "matches" ? condition.tag : new Uint8Array(0)];
}
