/**
 * How records lie in Redis: the layout and the scripts of the Rust package's store (native/src/store/redis), so that both use
 * the same sessions.
 *
 * ```text
 *   0   4  "fsr1": a fastsession record, version 1 of this layout
 *   4  32  the record's tag
 *  36  64  the owner's key in hex, or 64 zero bytes
 * 100   8  until when the owner's list keeps the key, seconds since 1970, big-endian, or 8 zero bytes
 * 108   4  length of the listing entry, big-endian
 * 112      the listing entry, then the record
 * ```
 */

import { type Condition, type Filing, tagOf } from "../store.js";

const MAGIC = Uint8Array.of(0x66, 0x73, 0x72, 0x31);
const HEAD = 112;
/** Where the length of the listing entry is. */
const LENGTH_AT = 108;

/** KEYS: record. ARGV: condition, tag, value, expiry in ms, owner or '', '1' if new to the list, lists, key, until, now. */
export const PUT = `
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
return 1`;

/** KEYS: record. ARGV: condition, tag, lists, key. */
export const DELETE = `
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
return 1`;

/** KEYS: list. ARGV: records, owner. Keys and entries in turn. */
export const LIST = `
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
return filed`;

/** KEYS: list. ARGV: records, owner, 'all' or 'only' or 'except', key. How many were ended. */
export const END = `
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
return ended`;

/** A record as it is kept. */
export function pack(record: Uint8Array, filing: Filing | undefined): Uint8Array {
  const entry = filing?.entry ?? new Uint8Array(0);
  const value = new Uint8Array(HEAD + entry.length + record.length);
  value.set(MAGIC);
  value.set(tagOf(record), 4);
  const view = new DataView(value.buffer);
  if (filing !== undefined) {
    value.set(new TextEncoder().encode(filing.owner), 36);
    view.setBigUint64(100, BigInt(filing.until));
  }
  view.setUint32(LENGTH_AT, entry.length);
  value.set(entry, HEAD);
  value.set(record, HEAD + entry.length);
  return value;
}

/** The record in what is kept. */
export function unpack(value: Uint8Array): Uint8Array {
  const isOurs = value.length >= HEAD && MAGIC.every((byte, at) => value[at] === byte);
  const start = isOurs ? HEAD + new DataView(value.buffer, value.byteOffset).getUint32(LENGTH_AT) : Infinity;
  if (start > value.length) throw new TypeError("what Redis holds under this key is no record of this version");
  return value.subarray(start);
}

/** The condition's name and tag, as the scripts take them. */
export function conditionArguments(condition: Condition): [string, Uint8Array] {
  return [condition.kind, condition.kind === "matches" ? condition.tag : new Uint8Array(0)];
}
