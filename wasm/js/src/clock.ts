/** The system's clock. */

/** Seconds since 1970. */
export function systemClock(): number {
  return Math.floor(Date.now() / 1000);
}
