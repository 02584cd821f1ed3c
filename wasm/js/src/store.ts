/** What a store has to do: keep bytes under a key until a time. It never sees anything in clear. */

/** A value, or a promise of one. */
export type Awaitable<T> = T | Promise<T> | PromiseLike<T>;

/**
 * What a write demands of the record that the store holds under the key at that moment. A record whose time is over
 * counts as absent.
 */
export type Condition =
  /** Nothing. */
  | { kind: "any" }
  /** There is none. */
  | { kind: "absent" }
  /**
   * There is one, and its tag (its last 32 bytes) is this. `version` is what {@link SessionStore.get} gave with that
   * record, if it gave one.
   */
  | { kind: "matches"; tag: Uint8Array; version: unknown };

/** Where to file a record in its owner's list. */
export interface Filing {
  /** The name of the owner's list: 64 characters of hex, a keyed hash. */
  owner: string;
  /** What {@link SessionStore.list} has to give back with the key: sealed bytes. */
  entry: Uint8Array;
  /** Whether the record is new to the list. */
  isNew: boolean;
  /** When the place on the list may be forgotten, in seconds since 1970. */
  until: number;
}

/** How to keep a record. */
export interface PutOptions {
  /** When the record may be forgotten, in seconds since 1970: it must not be sooner. */
  expiresAt: number;
  /** The same as seconds from now, at least 1. */
  ttl: number;
  /** What must hold; a store without conditions need not look. */
  condition: Condition;
  /** The owner's list; only for stores that have {@link SessionStore.list}. */
  filing: Filing | undefined;
}

/** A record and the engine's name for its version. */
export interface Versioned {
  record: Uint8Array;
  version: unknown;
}

/** A record on an owner's list. */
export interface Filed {
  key: string;
  entry: Uint8Array;
}

/** What a store guarantees. */
export interface Capabilities {
  /**
   * Whether a read shows every write that was acknowledged before it; `true` unless said otherwise. Where it does not,
   * sessions are placed in both store and cookie, so that visitors see their own writes.
   */
  consistent?: boolean;
  /** For how many seconds reads may be old, if the store is not consistent: 1 to 3,600; 60 unless said otherwise. */
  lag?: number;
  /**
   * Whether {@link SessionStore.put} and {@link SessionStore.delete} check their conditions, in one step with the
   * write; `false` unless said otherwise. Where they do not, the record is compared just before the write: of two
   * requests that write within the same moment one can be lost.
   */
  conditions?: boolean;
}

/** A store: what a host's key-value engine is wrapped in. All methods may be synchronous or not. */
export interface SessionStore {
  readonly capabilities?: Capabilities;
  /** The bytes under `key`, 64 characters of hex; `null` or `undefined` if there are none or their time is over. */
  get(key: string): Awaitable<Uint8Array | ArrayBuffer | Versioned | null | undefined>;
  /** Keeps `record`, replacing what is there. `false` says that the condition does not hold: nothing is changed then. */
  put(key: string, record: Uint8Array, options: PutOptions): Awaitable<boolean | void>;
  /** Forgets what is under `key`, also if there is nothing. `false` as for {@link put}. */
  delete(key: string, options: { condition: Condition }): Awaitable<boolean | void>;
  /** The records on an owner's list. Without it nobody's sessions can be listed or ended from elsewhere. */
  list?(owner: string): Awaitable<Filed[]>;
  /** Deletes the records on an owner's list: all, or only or all but the one under a key. Tells how many there were. */
  deleteOwned?(owner: string, which: { only?: string; except?: string }): Awaitable<number>;
}

/** Whether the condition holds for what a store has; for stores that check it themselves. */
export function holds(condition: Condition, current: Uint8Array | undefined): boolean {
  if (condition.kind === "matches") return current !== undefined && sameBytes(tagOf(current), condition.tag);
  return condition.kind === "any" || current === undefined;
}

/** The version of a record: its last 32 bytes, after zeros if it is shorter. */
export function tagOf(record: Uint8Array): Uint8Array {
  const tag = new Uint8Array(32);
  const end = record.subarray(-32);
  tag.set(end, 32 - end.length);
  return tag;
}

/** Whether both hold the same bytes. Tags are no secrets. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Lowercase hex. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
