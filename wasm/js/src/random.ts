/** Randomness: the runtime's generator, asked for several phases at once, since each question costs a system call. */

import { NO_BYTES } from "./bytes.js";

/** What a phase takes, as wasm/src/random.rs has it. */
const RANDOM_LENGTH = 160;
const PHASES = 16;

/** Empty before it is first needed: a Worker has no randomness before that. */
let pool = NO_BYTES;
let at = 0;

/** Bytes for one phase, never given before. */
export function random(): Uint8Array {
  if (at === pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH * PHASES));
    at = 0;
  }
  return pool.subarray(at, (at += RANDOM_LENGTH));
}
