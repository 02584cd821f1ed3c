/** Messages between this driver and the core: the mirror image of wasm/src/message.rs. */

import { Reader } from "../value/reader.js";
import { Writer } from "../value/writer.js";
import { coreError } from "../error.js";
import type { Filing } from "../store.js";
import type { Change } from "./change.js";
import type { Job, Operation, Outcome, Pending, Settings, State } from "./manager.js";

class MessageReader extends Reader {
  constructor(message: Uint8Array) {
    super(message, false);
  }

  flag(): boolean {
    return this.byte() !== 0;
  }

  optionalText(): string | null {
    return this.flag() ? this.text() : null;
  }

  optionalBlock(): Uint8Array | null {
    return this.flag() ? this.block() : null;
  }

  optionalNumber(): number | null {
    return this.flag() ? this.varint() : null;
  }

  texts(): string[] {
    const texts: string[] = [];
    while (this.flag()) texts.push(this.text());
    return texts;
  }

  /** Values by their keys, encoded. */
  values(): [string, Uint8Array][] {
    const values: [string, Uint8Array][] = [];
    while (this.flag()) values.push([this.text(), this.block()]);
    return values;
  }

  /** The last field: all that is left. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at);
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
  return { key: reader.optionalText(), endedKey: reader.optionalText(), parked: reader.rest() };
}

/** Reads a session. */
export function readState(message: Uint8Array): State {
  return state(new MessageReader(message));
}

function state(reader: MessageReader): State {
  return {
    values: reader.values(),
    flashes: reader.values(),
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
export function readOutcome(message: Uint8Array): Outcome | State {
  const reader = new MessageReader(message);
  if (reader.flag()) return state(reader);
  const isOptional = reader.flag();
  const orphan = reader.optionalText();
  const operations: Operation[] = [];
  while (reader.flag()) operations.push(operation(reader));
  if (!reader.flag()) {
    const failure = coreError(reader.text());
    return { operations, isOptional, orphan, cookies: [], event: "ended", key: null, failure, state: null };
  }
  return {
    operations,
    isOptional,
    orphan,
    cookies: reader.texts(),
    event: reader.optionalText(),
    key: reader.optionalText(),
    failure: null,
    state: reader.flag() ? state(reader) : null,
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

/** Reads the names of a user's lists. */
export function readTexts(message: Uint8Array): string[] {
  const reader = new MessageReader(message);
  return reader.texts();
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
