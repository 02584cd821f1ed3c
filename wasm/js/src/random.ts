/** Randomness: the runtime's generator, asked for several phases at once, since each question costs a system call. */

/** What a phase takes, as wasm/src/random.rs has it. */
export const RANDOM_LENGTH = 160;
const PHASES = 16;

let pool: Uint8Array<ArrayBuffer> | undefined;
let at = 0;

/** Bytes for one phase, never given before. */
export function random(): Uint8Array {
  if (pool === undefined || at === pool.length) {
    pool = crypto.getRandomValues(pool ?? new Uint8Array(RANDOM_LENGTH * PHASES));
    at = 0;
  }
  const bytes = pool.slice(at, at + RANDOM_LENGTH);
  pool.fill(0, at, at + RANDOM_LENGTH);
  at += RANDOM_LENGTH;
  return bytes;
}
