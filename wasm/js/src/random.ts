/** Randomness: the runtime's generator, asked for several phases at once, since each question costs a system call. */

/** What a phase takes, as wasm/src/random.rs has it. */
const RANDOM_LENGTH = 160;
const PHASES = 16;

/** Empty before it is first needed: a Worker has no randomness before that. */
let pool = new Uint8Array(RANDOM_LENGTH * PHASES);
let at = pool.length;

/** Bytes for one phase, never given before. */
export function random(): Uint8Array {
  if (at === pool.length) {
    pool = crypto.getRandomValues(pool);
    at = 0;
  }
  const bytes = pool.slice(at, at + RANDOM_LENGTH);
  pool.fill(0, at, (at += RANDOM_LENGTH));
  return bytes;
}
