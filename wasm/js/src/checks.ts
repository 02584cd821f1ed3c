/** What values from outside are. */

/** Later times are in milliseconds, by mistake: in seconds it is the year 5138. */
export const MAX_TIME = 1e11;

/** Whether it is a whole number of that size. */
export const isWhole = (value: unknown, least = 0, most = Infinity): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;

/** Whether it has to be awaited. */
export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";
