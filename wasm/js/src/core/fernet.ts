/**
 * The core's Fernet: by keys and strictness, shared by all who use the same, since one takes the schedules of all its keys to be
 * made, and memory of the WebAssembly module, of which the garbage collector sees nothing.
 */

import { __wbg_set_wasm, fernet, reserve } from "./glue/fernet_bg.js";
import { Core } from "./instance.js";
import type { Lent } from "./lent.js";
import { writeKeys } from "./message.js";
import type { MessageReader } from "./reader.js";

/** The module with Fernet by itself. */
export const fernetCore = new Core(__wbg_set_wasm, reserve, fernet);

/** The works; the numbers are the same in wasm/src/fernet.rs. */
export const enum Work {
  New,
  Free,
  Encrypt,
  Decrypt,
  Timestamp,
  Rotate,
  GenerateKey,
  DeriveKey,
}

/** How many are kept: some 8 KiB each. */
const MOST = 128;

/** Their numbers in the core, by keys and strictness, the one used last at the end. */
const shared = new Map<string, number>();
/** The instance that they live in. Those of an older one are gone with it. */
let home = 0;

/** Names what `keys` and `isStrict` make. No key has a NUL, and their number is told, so that no two share a name. */
export function nameOf(keys: readonly string[], isStrict: boolean): string {
  return `${isStrict ? "strict" : ""} ${keys.length} ${keys.join("\0")}`;
}

/** The number of the Fernet of these keys. */
export function numberOf(name: string, keys: readonly string[], isStrict: boolean): number {
  fernetCore.instantiate();
  if (home !== fernetCore.instances) {
    shared.clear();
    home = fernetCore.instances;
  }
  let number = shared.get(name);
  if (number === undefined) {
    const write = (message: Lent) => {
      message.flag(isStrict);
      writeKeys(message, keys);
    };
    number = fernetCore.ask(Work.New, 0, 0, write).varint();
    for (const [oldest, idle] of shared) {
      if (shared.size < MOST) break;
      shared.delete(oldest);
      fernetCore.ask(Work.Free, idle, 0, nothing);
    }
    shared.set(name, number);
  } else if (shared.size > 1) {
    shared.delete(name);
    shared.set(name, number);
  }
  return number;
}

/** A work that needs no keys. */
export function ask(work: Work, write: (message: Lent) => void): MessageReader {
  return fernetCore.ask(work, 0, 0, write);
}

const nothing = (): void => undefined;
