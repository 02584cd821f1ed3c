/** Messages between this driver and the core, field by field, in the order that wasm/src has them. */

import type { Filing } from "../store.js";
import type { Change } from "./change.js";
import { failure } from "./failure.js";
import type { Lent } from "./lent.js";
import type { Job, Operation, Outcome, Pending, Settings, State } from "./manager.js";
import type { MessageReader } from "./reader.js";

/** Reads the phase after `open`. */
export function readPending(reader: MessageReader): Pending {
  return { key: reader.optionalText(), endedKey: reader.optionalText(), parked: reader.rest() };
}

/** Reads a session. */
export function readState(reader: MessageReader): State {
  const value = (): [string, Uint8Array] => [reader.text(), reader.block()];
  return {
    values: reader.list(value),
    flashes: reader.list(value),
    reason: reader.optionalText(),
    key: reader.optionalText(),
    owner: reader.optionalText(),
    label: reader.text(),
    created: reader.varint(),
    lastSeen: reader.varint(),
    expiresAt: reader.varint(),
    authenticatedAt: reader.optionalNumber(),
    needsCookie: reader.flag(),
    pending: reader.texts(),
    csrf: reader.optionalText(),
    parked: reader.rest(),
  };
}

/** Reads what a commit comes to. */
export function readOutcome(reader: MessageReader): Outcome | State {
  if (reader.flag()) return readState(reader);
  const isOptional = reader.flag();
  const orphan = reader.optionalText();
  const operations = reader.list(() => operation(reader));
  if (!reader.flag()) {
    return { operations, isOptional, orphan, cookies: [], event: "ended", key: null, failure: failure(reader), state: null };
  }
  return {
    operations,
    isOptional,
    orphan,
    cookies: reader.texts(),
    event: reader.optionalText(),
    key: reader.optionalText(),
    failure: null,
    state: reader.flag() ? readState(reader) : null,
  };
}

function operation(reader: MessageReader): Operation {
  return {
    key: reader.text(),
    record: reader.optionalBlock(),
    expiresAt: reader.varint(),
    isAbsent: reader.flag(),
    tag: reader.optionalBlock(),
    filing: reader.flag() ? filing(reader) : null,
  };
}

function filing(reader: MessageReader): Filing {
  return { owner: reader.text(), entry: reader.block().slice(), isNew: reader.flag(), until: reader.varint() };
}

/** Reads what a list shows of a session; `null` if it is not one of ours. */
export function readListing(reader: MessageReader): { created: number; lastSeen: number; label: string } | null {
  if (reader.isDone) return null;
  return { created: reader.varint(), lastSeen: reader.varint(), label: reader.text() };
}

/** Writes changes: how many, and each. */
export function writeChanges(message: Lent, changes: readonly Change[]): void {
  message.varint(changes.length);
  const number = (value: number) => message.varint(value);
  for (const [what, name, value, first, second] of changes) {
    message.byte(what);
    message.word(name);
    message.block(value);
    message.optional(first, number);
    message.optional(second, number);
  }
}

/** Writes the conflicts that a commit met, up to the message's end. */
export function writeMet(message: Lent, met: Job["met"]): void {
  for (const [applied, fresh, now] of met) {
    message.varint(applied);
    message.block(fresh);
    message.varint(now);
  }
}

/** Writes keys. */
export function writeKeys(message: Lent, keys: readonly string[]): void {
  message.varint(keys.length);
  for (const key of keys) message.word(key);
}

/** Writes settings. */
export function writeSettings(message: Lent, settings: Settings): void {
  const number = (value: number) => message.varint(value);
  const text = (value: string) => message.word(value);
  const flag = (value: boolean) => message.flag(value);
  const { cookie } = settings;
  writeKeys(message, settings.keys);
  for (const value of [settings.idleTimeout, settings.absoluteTimeout, settings.limit]) message.optional(value, number);
  message.optional(settings.namespace, text);
  message.optional(settings.owners, flag);
  for (const value of [cookie.name, cookie.path, cookie.domain]) message.optional(value, text);
  for (const value of [cookie.secure, cookie.httpOnly, cookie.partitioned, cookie.persistent]) message.optional(value, flag);
  message.optional(cookie.sameSite, text);
  message.word(settings.placement);
  message.varint(settings.lag);
}
