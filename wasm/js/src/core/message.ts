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
  return {
    values: values(reader),
    flashes: values(reader),
    reason: reader.optionalText(),
    event: reader.optionalText(),
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

/** Reads values by their keys: of one that is there twice the first counts, as in the core. */
function values(reader: MessageReader): State["values"] {
  const values: State["values"] = new Map();
  while (reader.flag()) {
    const [key, value] = [reader.text(), reader.block()];
    if (!values.has(key)) values.set(key, value);
  }
  return values;
}

/** Reads what a commit comes to. */
export function readOutcome(reader: MessageReader): Outcome | State {
  if (reader.flag()) return readState(reader);
  const orphan = reader.optionalText();
  const operations = reader.list(() => operation(reader));
  const isFailed = !reader.flag();
  return {
    orphan,
    operations,
    failure: isFailed ? failure(reader) : undefined,
    cookies: isFailed ? [] : reader.texts(),
    event: isFailed ? "ended" : reader.optionalText(),
    key: isFailed ? undefined : reader.optionalText(),
    state: isFailed || !reader.flag() ? undefined : readState(reader),
  };
}

function operation(reader: MessageReader): Operation {
  return {
    key: reader.text(),
    record: reader.optionalBlock(),
    expiresAt: reader.varint(),
    isAbsent: reader.flag(),
    tag: reader.optionalBlock(),
    filing: reader.flag() ? filing(reader) : undefined,
    isOptional: reader.flag(),
  };
}

function filing(reader: MessageReader): Filing {
  return { owner: reader.text(), entry: reader.block().slice(), isNew: reader.flag(), until: reader.varint() };
}

/** Reads what a list shows of a session; `undefined` if it is not one of ours. */
export function readListing(reader: MessageReader): { created: number; lastSeen: number; label: string } | undefined {
  if (reader.isDone) return undefined;
  return { created: reader.varint(), lastSeen: reader.varint(), label: reader.text() };
}

/** Writes changes: how many, and each. */
export function writeChanges(message: Lent, changes: readonly Change[]): void {
  message.varint(changes.length);
  for (const [what, name, value, first, second] of changes) {
    message.byte(what);
    message.word(name);
    message.block(value);
    message.optional(first);
    message.optional(second);
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
export function writeSettings(message: Lent, { keys, options, hasOwners, placement, lag }: Settings): void {
  const { idleTimeout, absoluteTimeout, limit, namespace, cookie = {} } = options;
  const { name, path, domain, secure, httpOnly, partitioned, persistent, sameSite } = cookie;
  writeKeys(message, keys);
  for (const setting of [
    idleTimeout, absoluteTimeout, limit, namespace, hasOwners, name, path, domain, secure, httpOnly, partitioned, persistent,
    sameSite,
  ]) {
    message.optional(setting);
  }
  message.word(placement);
  message.varint(lag);
}
