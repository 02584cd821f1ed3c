/** Whether a ready store was given its engine: a binding that is not there is better told of at once than at the first visit. */

import { SessionError } from "./error.js";

/** Refuses an engine without these methods; `what` it is, and `remedy` says where it comes from. */
export function checkEngine(engine: unknown, maker: string, methods: readonly string[], what: string, remedy: string): void {
  const given = engine as Record<string, unknown> | null | undefined;
  if (methods.every((method) => typeof given?.[method] === "function")) return;
  throw new SessionError("invalid_config", `${maker} needs ${what}, not ${given === null ? null : typeof given}: ${remedy}`);
}

/** The remedy for a Worker's binding. */
export const BINDING = "is the binding set in this environment?";

/** The error of a record that is too large for the engine, whatever `limit` says. */
export function tooLarge(size: number, most: number, engine: string): SessionError {
  return new SessionError(
    "too_large",
    `the session takes ${size} bytes, and ${engine} keeps at most ${most}: store less, or set limit to ${most} to be told of the largest keys`,
  );
}
