/** Durable Objects: each record is an object of its own, read and written by one thread. */

import { systemClock as now } from "../clock.js";
import { BINDING, checkEngine } from "../engine.js";
import { type Condition, type Filed, holds, type SessionStore } from "../store.js";
import { decode } from "../value/reader.js";
import { encode } from "../value/writer.js";

/** What is used of a Durable Object namespace. */
export interface DurableObjectNamespaceLike {
  idFromName(name: string): unknown;
  get(id: never): { fetch(url: string, init: { method: string; body: Uint8Array }): Promise<Response> };
}

/** What is used of a Durable Object's state. */
export interface DurableObjectStateLike {
  storage: {
    get(key: string): Promise<unknown>;
    put(entries: Record<string, unknown>): Promise<void>;
    list(options: { prefix: string }): Promise<Map<string, unknown>>;
    delete(keys: string[]): Promise<number>;
    deleteAll(): Promise<void>;
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
    deleteAlarm(): Promise<void>;
  };
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
}

/** Settings of {@link durableObjectStore}. */
export interface DurableObjectStoreOptions {
  /** What the names of the objects begin with: `fastsession:` unless set. */
  prefix?: string;
}

/** What the store asks an object to do. */
type Ask =
  | { do: "get" }
  | { do: "put"; record: Uint8Array; expiresAt: number; owner: string | undefined; kind: Condition["kind"]; tag?: Uint8Array }
  | { do: "delete"; kind: Condition["kind"]; tag?: Uint8Array }
  | { do: "file"; key: string; entry: Uint8Array; until: number }
  | { do: "unfile"; keys: string[] }
  | { do: "filed" };

/** What an object answers to a write: whether it was done, and whose record was there before. */
interface Written {
  isDone: boolean;
  owner: string | null;
}

/** A place on a list, and when it was taken. */
interface OnList extends Filed {
  at: number;
}

const LIST = "filed:";
/** How many keys an object's storage deletes at once. */
const MOST_KEYS = 128;
/** From when on a place on a list is forgotten whose record is not there: no request takes so many seconds to write it. */
const LONG_WRITE = 3_600;

/**
 * A store in Durable Objects: consistent everywhere, with conditions and owners' lists. The Worker must export
 * {@link SessionObject}, and `namespace` be bound to it.
 */
export function durableObjectStore(
  namespace: DurableObjectNamespaceLike,
  options: DurableObjectStoreOptions = {},
): SessionStore {
  checkEngine(namespace, "durableObjectStore", ["idFromName", "get"], "a Durable Object namespace", BINDING);
  const { prefix = "fastsession:" } = options;
  const ask = async (name: string, question: Ask): Promise<unknown> => {
    const object = namespace.get(namespace.idFromName(prefix + name) as never);
    const response = await object.fetch("https://session.internal/", {
      method: "POST",
      body: encode(question, "question"),
    });
    if (!response.ok) throw new Error(`the session object answered ${response.status}`);
    return decode(new Uint8Array(await response.arrayBuffer()));
  };
  const plain = (condition: Condition): { kind: Condition["kind"]; tag?: Uint8Array } =>
    condition.kind === "matches" ? { kind: condition.kind, tag: condition.tag } : { kind: condition.kind };
  /** Takes records from a list. If that fails, they are harmless there. */
  const unfile = async (owner: string, keys: string[]): Promise<void> => {
    await ask(`owner:${owner}`, { do: "unfile", keys }).catch(() => undefined);
  };
  return {
    capabilities: { consistent: true, conditions: true },
    get: async (key) => (await ask(`record:${key}`, { do: "get" })) as Uint8Array | null,
    async put(key, record, { expiresAt, condition, filing }) {
      // The list first: one that names a record too many is harmless, one that misses a record is not.
      if (filing !== undefined) {
        const { owner, entry, until } = filing;
        await ask(`owner:${owner}`, { do: "file", key, entry, until });
      }
      const owner = filing?.owner;
      const before = (await ask(`record:${key}`, { do: "put", record, expiresAt, owner, ...plain(condition) })) as Written;
      if (before.isDone && before.owner !== null && before.owner !== owner) await unfile(before.owner, [key]);
      return before.isDone;
    },
    async delete(key, { condition }) {
      const { isDone, owner } = (await ask(`record:${key}`, { do: "delete", ...plain(condition) })) as Written;
      if (isDone && owner !== null) await unfile(owner, [key]);
      return isDone;
    },
    async list(owner) {
      const filed = (await ask(`owner:${owner}`, { do: "filed" })) as OnList[];
      const held = await Promise.all(filed.map(({ key }) => ask(`record:${key}`, { do: "get" })));
      const over = filed.filter(({ at }, index) => held[index] === null && at < now() - LONG_WRITE);
      if (over.length > 0) await unfile(owner, over.map(({ key }) => key));
      return filed.flatMap(({ key, entry }, index) => (held[index] === null ? [] : [{ key, entry }]));
    },
  };
}

/** The class to export from the Worker: one object for each record, and one for each owner's list. */
export class SessionObject {
  readonly #state: DurableObjectStateLike;

  constructor(state: DurableObjectStateLike) {
    this.#state = state;
  }

  /** Answers the store. */
  async fetch(request: Request): Promise<Response> {
    const question = decode(new Uint8Array(await request.arrayBuffer())) as Ask;
    const answer = await this.#state.blockConcurrencyWhile(() => this.#answer(question));
    return new Response(encode(answer, "answer") as Uint8Array<ArrayBuffer>);
  }

  /** Forgets what is over. */
  async alarm(): Promise<void> {
    const { storage } = this.#state;
    const expiresAt = await storage.get("expiresAt");
    if (expiresAt !== undefined) {
      if ((expiresAt as number) <= now()) await storage.deleteAll();
      else await storage.setAlarm((expiresAt as number) * 1000);
      return;
    }
    const filed = (await storage.list({ prefix: LIST })) as Map<string, { until: number }>;
    const over = [...filed].filter(([, { until }]) => until <= now()).map(([name]) => name);
    await this.#delete(over);
    const rest = [...filed.values()].filter(({ until }) => until > now());
    if (rest.length > 0) await storage.setAlarm(Math.min(...rest.map(({ until }) => until)) * 1000);
  }

  async #answer(question: Ask): Promise<unknown> {
    const { storage } = this.#state;
    switch (question.do) {
      case "get":
        return (await this.#record()) ?? null;
      case "put": {
        const written = await this.#judge(question);
        if (written.isDone) {
          const { record, expiresAt, owner = null } = question;
          await storage.put({ record, expiresAt, owner });
          await storage.setAlarm(expiresAt * 1000);
        }
        return written;
      }
      case "delete": {
        const written = await this.#judge(question);
        if (written.isDone) {
          await storage.deleteAlarm();
          await storage.deleteAll();
        }
        return written;
      }
      case "unfile":
        await this.#delete(question.keys.map((key) => LIST + key));
        return true;
      case "file": {
        const { key, entry, until } = question;
        await storage.put({ [LIST + key]: { entry, until, at: now() } });
        const alarm = await storage.getAlarm();
        if (alarm === null || alarm > until * 1000) await storage.setAlarm(until * 1000);
        return true;
      }
      case "filed": {
        const filed = (await storage.list({ prefix: LIST })) as Map<string, { entry: Uint8Array; until: number; at: number }>;
        const live = [...filed].filter(([, { until }]) => until > now());
        return live.map(([name, { entry, at }]): OnList => ({ key: name.slice(LIST.length), entry, at }));
      }
    }
  }

  /** Whether a write's condition holds, and whose record is there. */
  async #judge(question: Parameters<typeof asCondition>[0]): Promise<Written> {
    const isDone = holds(asCondition(question), await this.#record());
    return { isDone, owner: ((await this.#state.storage.get("owner")) as string | undefined) ?? null };
  }

  async #delete(names: string[]): Promise<void> {
    for (let at = 0; at < names.length; at += MOST_KEYS) await this.#state.storage.delete(names.slice(at, at + MOST_KEYS));
  }

  async #record(): Promise<Uint8Array | undefined> {
    const { storage } = this.#state;
    const expiresAt = (await storage.get("expiresAt")) as number | undefined;
    if (expiresAt === undefined || expiresAt <= now()) return undefined;
    return (await storage.get("record")) as Uint8Array;
  }
}

function asCondition({ kind, tag }: { kind: Condition["kind"]; tag?: Uint8Array }): Condition {
  return kind === "matches" ? { kind, tag: tag!, version: undefined } : { kind };
}
