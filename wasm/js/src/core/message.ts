/** Messages between this driver and the core: the mirror image of wasm/src/message.rs. */

import { Reader } from "../value/reader.js";
import { Writer } from "../value/writer.js";
import { coreError } from "../error.js";
import type { Change } from "./change.js";
import type { Job, Operation, Outcome, Pending, Settings, State } from "./manager.js";

class MessageReader extends Reader {
  constructor(message: Uint8Array) {
    super(message, false);
  }

  flag(): boolean {
    return this.byte() !== 0;
  }

  optional<T>(read: () => T): T | null {
    return this.flag() ? read() : null;
  }

  list<T>(read: () => T): T[] {
    const count = this.varint();
    const things: T[] = [];
    for (let index = 0; index < count; index++) things.push(read());
    return things;
  }
}

class MessageWriter extends Writer {
  flag(flag: boolean): void {
    this.kind(flag ? 1 : 0);
  }

  optional<T>(thing: T | null | undefined, write: (thing: T) => void): void {
    const isThere = thing !== null && thing !== undefined;
    this.flag(isThere);
    if (isThere) write(thing);
  }

  /** Text that is known to be well-formed, or that the core refuses. */
  word(text: string): void {
    if (!this.text(text)) this.text(text.replace(/[\uD800-\uDFFF]/g, "\uFFFD"));
  }
}

/** Reads the phase after `open`. */
export function readPending(message: Uint8Array): Pending {
  const reader = new MessageReader(message);
  const text = () => reader.text();
  return { parked: reader.block(), key: reader.optional(text), endedKey: reader.optional(text) };
}

/** Reads a session. */
export function readState(message: Uint8Array): State {
  return state(new MessageReader(message));
}

function state(reader: MessageReader): State {
  const text = () => reader.text();
  const number = () => reader.varint();
  const value = (): [string, Uint8Array] => [reader.text(), reader.block()];
  return {
    parked: reader.block(),
    values: reader.list(value),
    flashes: reader.list(value),
    reason: reader.optional(text),
    key: reader.optional(text),
    owner: reader.optional(text),
    label: reader.text(),
    created: reader.varint(),
    lastSeen: reader.varint(),
    expiresAt: reader.varint(),
    authenticatedAt: reader.optional(number),
    needsCookie: reader.flag(),
    pending: reader.list(text),
    csrf: reader.optional(text),
  };
}

/** Reads what a commit comes to. */
export function readOutcome(message: Uint8Array): Outcome | State {
  const reader = new MessageReader(message);
  const text = () => reader.text();
  if (reader.flag()) return state(reader);
  const isOptional = reader.flag();
  const orphan = reader.optional(text);
  const operations: Operation[] = [];
  while (reader.flag()) operations.push(operation(reader));
  const begun = { operations, isOptional, orphan };
  if (!reader.flag()) {
    const failure = coreError(reader.text());
    return { ...begun, cookies: [], event: "ended", key: null, failure, state: null };
  }
  return {
    ...begun,
    cookies: reader.list(text),
    event: reader.optional(text),
    key: reader.optional(text),
    failure: null,
    state: reader.flag() ? state(reader) : null,
  };
}

function operation(reader: MessageReader): Operation {
  const block = () => reader.block();
  return {
    key: reader.text(),
    record: reader.optional(block),
    expiresAt: reader.varint(),
    isAbsent: reader.flag(),
    tag: reader.optional(block),
    filing: reader.optional(() => ({
      owner: reader.text(),
      entry: reader.block().slice(),
      isNew: reader.flag(),
      until: reader.varint(),
    })),
  };
}

/** Reads the names of a user's lists. */
export function readTexts(message: Uint8Array): string[] {
  const reader = new MessageReader(message);
  return reader.list(() => reader.text());
}

/** Reads what a list shows of a session; `null` if it is not one of ours. */
export function readListing(message: Uint8Array): { created: number; lastSeen: number; label: string } | null {
  if (message.length === 0) return null;
  const reader = new MessageReader(message);
  return { created: reader.varint(), lastSeen: reader.varint(), label: reader.text() };
}

/** Writes changes. */
export function writeChanges(changes: Change[]): Uint8Array {
  if (changes.length === 0) return NOTHING;
  const writer = new MessageWriter();
  const number = (value: number) => writer.varint(value);
  for (const [what, name, value, first, second] of changes) {
    writer.varint(what);
    writer.word(name);
    writer.block(value);
    writer.optional(first, number);
    writer.optional(second, number);
  }
  return writer.finish();
}

/** Writes the conflicts that a commit met. */
export function writeMet(met: Job["met"]): Uint8Array {
  if (met.length === 0) return NOTHING;
  const writer = new MessageWriter();
  for (const [applied, fresh, now] of met) {
    writer.varint(applied);
    writer.block(fresh);
    writer.varint(now);
  }
  return writer.finish();
}

/** Writes keys. */
export function writeKeys(keys: readonly string[]): Uint8Array {
  const writer = new MessageWriter();
  keysInto(writer, keys);
  return writer.finish();
}

/** Writes settings. */
export function writeSettings(settings: Settings): Uint8Array {
  const writer = new MessageWriter();
  const number = (value: number) => writer.varint(value);
  const text = (value: string) => writer.word(value);
  const flag = (value: boolean) => writer.flag(value);
  const { cookie } = settings;
  keysInto(writer, settings.keys);
  writer.optional(settings.idleTimeout, number);
  writer.optional(settings.absoluteTimeout, number);
  writer.optional(settings.limit, number);
  writer.optional(settings.namespace, text);
  writer.optional(settings.owners, flag);
  writer.optional(cookie.name, text);
  writer.optional(cookie.path, text);
  writer.optional(cookie.domain, text);
  writer.optional(cookie.secure, flag);
  writer.optional(cookie.httpOnly, flag);
  writer.optional(cookie.partitioned, flag);
  writer.optional(cookie.sameSite, text);
  writer.word(settings.placement);
  writer.varint(settings.lag);
  return writer.finish();
}

function keysInto(writer: MessageWriter, keys: readonly string[]): void {
  writer.varint(keys.length);
  for (const key of keys) writer.word(key);
}

const NOTHING = new Uint8Array(0);
