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
  | { do: "put"; record: Uint8Array; expiresAt: number; kind: Condition["kind"]; tag?: Uint8Array }
  | { do: "delete"; kind: Condition["kind"]; tag?: Uint8Array }
  | { do: "file"; key: string; entry: Uint8Array; until: number }
  | { do: "filed" };

const LIST = "filed:";

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
  return {
    capabilities: { consistent: true, conditions: true },
    get: async (key) => (await ask(`record:${key}`, { do: "get" })) as Uint8Array | null,
    async put(key, record, { expiresAt, condition, filing }) {
      // The list first: one that names a record too many is harmless, one that misses a record is not.
      if (filing !== undefined) {
        const { owner, entry, until } = filing;
        await ask(`owner:${owner}`, { do: "file", key, entry, until });
      }
      return (await ask(`record:${key}`, { do: "put", record, expiresAt, ...plain(condition) })) as boolean;
    },
    delete: async (key, { condition }) => (await ask(`record:${key}`, { do: "delete", ...plain(condition) })) as boolean,
    async list(owner) {
      const filed = (await ask(`owner:${owner}`, { do: "filed" })) as Filed[];
      const held = await Promise.all(filed.map(({ key }) => ask(`record:${key}`, { do: "get" })));
      return filed.filter((_, at) => held[at] !== null);
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
    for (let at = 0; at < over.length; at += 128) await storage.delete(over.slice(at, at + 128));
    const rest = [...filed.values()].filter(({ until }) => until > now());
    if (rest.length > 0) await storage.setAlarm(Math.min(...rest.map(({ until }) => until)) * 1000);
  }

  async #answer(question: Ask): Promise<never> {
    return (await this.#do(question)) as never;
  }

  async #do(question: Ask): Promise<unknown> {
    const { storage } = this.#state;
    switch (question.do) {
      case "get":
        return (await this.#record()) ?? null;
      case "put": {
        if (!holds(asCondition(question), await this.#record())) return false;
        const { record, expiresAt } = question;
        await storage.put({ record, expiresAt });
        await storage.setAlarm(expiresAt * 1000);
        return true;
      }
      case "delete":
        if (!holds(asCondition(question), await this.#record())) return false;
        await storage.deleteAlarm();
        await storage.deleteAll();
        return true;
      case "file": {
        const { key, entry, until } = question;
        await storage.put({ [LIST + key]: { entry, until } });
        const alarm = await storage.getAlarm();
        if (alarm === null || alarm > until * 1000) await storage.setAlarm(until * 1000);
        return true;
      }
      case "filed": {
        const filed = (await storage.list({ prefix: LIST })) as Map<string, { entry: Uint8Array; until: number }>;
        const live = [...filed].filter(([, { until }]) => until > now());
        return live.map(([name, { entry }]) => ({ key: name.slice(LIST.length), entry }));
      }
    }
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
