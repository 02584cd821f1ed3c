/**
 * The core's Fernet objects, shared by all {@link Fernet} of the same keys: one takes the schedules of all its keys to be
 * made, and memory of the WebAssembly module, of which the garbage collector sees nothing.
 */

import type { Fernet as Exported } from "./core/glue/fastsession_bg.js";
import { call } from "./core/instance.js";
import { writeKeys } from "./core/message.js";

/** How many are kept: some 8 KiB each. */
const MOST = 128;

/** By keys and strictness, the one used last at the end. */
const shared = new Map<string, Exported>();
/** The instance that they live in. Those of an older one are gone with it. */
let home = 0;

/** Names what `keys` and `isStrict` make. No key has a NUL, and their number is told, so that no two share a name. */
export function nameOf(keys: readonly string[], isStrict: boolean): string {
  return `${isStrict ? "strict" : ""} ${keys.length} ${keys.join("\0")}`;
}

/** Calls the core with the Fernet object of these keys. */
export function withFernet<T>(name: string, keys: readonly string[], isStrict: boolean, work: (fernet: Exported) => T): T {
  return call((core, generation) => {
    if (home !== generation) {
      shared.clear();
      home = generation;
    }
    let fernet = shared.get(name);
    if (fernet === undefined) {
      fernet = new core.Fernet(writeKeys(keys), isStrict) as Exported;
      for (const [oldest, idle] of shared) {
        if (shared.size < MOST) break;
        shared.delete(oldest);
        idle.free();
      }
      shared.set(name, fernet);
    } else if (shared.size > 1) {
      shared.delete(name);
      shared.set(name, fernet);
    }
    return work(fernet);
  });
}
