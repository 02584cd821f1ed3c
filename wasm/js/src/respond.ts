/** What a session does to a response's headers. */

import { invalidArgument, SessionError } from "./error.js";

/** Refuses what cannot be copied, before anything is stored for it. */
export function checkResponse(response: unknown): asserts response is Response {
  const { status, body, bodyUsed } = (response ?? {}) as Partial<Response>;
  if (!(status! >= 200) && status !== 101) {
    throw invalidArgument("commit needs a Response: the handler gave none, or Response.error()");
  }
  if (bodyUsed || body?.locked) throw invalidArgument("the response's body was read: commit it before, or its clone()");
}

/** A copy of the response, marked as one that depends on the session, with the cookies appended. */
export function withSession(response: Response, cookies: string[]): Response {
  // The response as its own settings: a Worker's WebSocket is kept that way.
  const copy = new Response(response.body, response);
  mark(copy.headers, cookies);
  return copy;
}

/** Marks headers of a response that depends on the session, and appends the cookies. */
export function mark(headers: Pick<Headers, "get" | "has" | "set" | "append">, cookies: string[]): void {
  if (!/(^|,)\s*(\*|cookie)\s*(,|$)/i.test(headers.get("Vary") ?? "")) headers.append("Vary", "Cookie");
  if (cookies.length > 0) {
    // A cache must never give one user's cookie to another, whatever the application says of the page.
    headers.set("Cache-Control", "no-store");
  } else if (!headers.has("Cache-Control")) {
    headers.set("Cache-Control", "private");
  }
  for (const cookie of cookies) headers.append("Set-Cookie", cookie);
}

/** The response to a request whose session could not be loaded or committed, which is logged; `undefined` for other errors. */
export function failed(error: unknown): Response | undefined {
  if (!(error instanceof SessionError)) return undefined;
  // Nobody else will tell the operator.
  if (error.status >= 500) console.error(error);
  const cookies = error.cookies.map((cookie): [string, string] => ["Set-Cookie", cookie]);
  return new Response(null, { status: error.status, headers: [["Cache-Control", "no-store"], ...cookies] });
}
