/** A `Map` in this process: for tests, development, and programs of a single process. */

import { systemClock } from "../clock.js";
import { type Filed, holds, type SessionStore } from "../store.js";

interface Held {
  record: Uint8Array;
  expiresAt: number;
  owner: string | undefined;
  entry: Uint8Array | undefined;
}

/** Settings of {@link mapStore}. */
export interface MapStoreOptions {
  /** Seconds since 1970: the system's clock unless set. */
  clock?: () => number;
}

/** Every so many writes, what is over is thrown away. */
const SWEEP = 1_000;

/** A store in this process's memory. Sessions end with the process. */
export function mapStore(options: MapStoreOptions = {}): SessionStore & { readonly size: number } {
  const clock = options.clock ?? systemClock;
  const records = new Map<string, Held>();
  let writes = 0;

  const live = (key: string): Held | undefined => {
    const held = records.get(key);
    return held === undefined || held.expiresAt <= clock() ? undefined : held;
  };
  const sweep = (): void => {
    writes += 1;
    if (writes % SWEEP !== 0) return;
    for (const [key, held] of records) if (held.expiresAt <= clock()) records.delete(key);
  };
  const owned = (owner: string): [string, Held][] =>
    [...records].filter(([key, held]) => held.owner === owner && live(key) !== undefined);

  return {
    capabilities: { consistent: true, conditions: true },
    get size() {
      return records.size;
    },
    get: (key) => live(key)?.record.slice(),
    put(key, record, { expiresAt, condition, filing }) {
      if (!holds(condition, live(key)?.record)) return false;
      sweep();
      records.set(key, { record, expiresAt, owner: filing?.owner, entry: filing?.entry });
      return true;
    },
    delete(key, { condition }) {
      if (!holds(condition, live(key)?.record)) return false;
      records.delete(key);
      return true;
    },
    list: (owner) => owned(owner).flatMap(([key, { entry }]): Filed[] => (entry === undefined ? [] : [{ key, entry }])),
    deleteOwned(owner, { only, except }) {
      const meant = owned(owner).filter(([key]) => (only === undefined || key === only) && key !== except);
      for (const [key] of meant) records.delete(key);
      return meant.length;
    },
  };
}
