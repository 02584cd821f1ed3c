/** For servers whose responses are Node's own, as Express's and Fastify's (`reply.raw`) are. */

import { SessionError } from "./error.js";
import { mark } from "./respond.js";

/** What is used of a session. */
export interface CommittedSession {
  cookies(options: { discard: boolean }): Promise<string[]>;
}

/** What is used of a response of `node:http`. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  getHeader(name: string): number | string | readonly string[] | undefined;
  setHeader(name: string, value: string): unknown;
  appendHeader(name: string, value: string): unknown;
}

/**
 * Stores the session's changes and sets the response's headers: the cookies, `Vary` and `Cache-Control`. To be called after
 * the status is set and before anything is sent. A response of status 500 and above stores nothing but `destroy()`.
 *
 * @throws `SessionError` as `session.commit()` does; the response must not be sent then as if all were well: see its `status`
 */
export async function commitTo(response: NodeResponse, session: CommittedSession): Promise<void> {
  if (response.headersSent) {
    throw new SessionError("response_sent", "the response was sent already and cannot carry a cookie: call commitTo before");
  }
  const cookies = await session.cookies({ discard: response.statusCode >= 500 });
  const get = (name: string): string | null => {
    const value = response.getHeader(name);
    return value === undefined ? null : String(value);
  };
  mark(
    {
      get,
      has: (name) => get(name) !== null,
      set: (name, value) => void response.setHeader(name, value),
      append: (name, value) => void response.appendHeader(name, value),
    },
    cookies,
  );
}
