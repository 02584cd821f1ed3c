/** What values from outside are. */

/** Later times are in milliseconds, by mistake: in seconds it is the year 5138. */
export const MAX_TIME = 1e11;

/** Whether it is a whole number of that size. */
export function isWhole(value: unknown, least = 0, most = Infinity): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** Whether it has to be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
