/** The middleware for Hono: `app.use(session({ keys, store }))`, then `c.get("session")`. */

import "./provide.js";
import type { Context as HonoContext, MiddlewareHandler } from "hono";
import { failed, mark } from "./respond.js";
import type { SessionOptions } from "./options.js";
import type { DataOf } from "./data.js";
import type { Session } from "./session.js";
import { createSessions, Sessions, type Strictness } from "./sessions.js";

/** What the middleware sets: `new Hono<{ Variables: SessionVariables<Data> }>()`. */
export interface SessionVariables<Data extends object = any> {
  session: Session<Data>;
  sessions: Sessions<Data>;
}

/**
 * Loads the session of each request and commits it when the handler is done. As in `sessions.handler`, every status below
 * 500 commits, also of an `HTTPException` that is thrown. A session that cannot be loaded or committed is answered with 400,
 * 401 or 503, and nothing of the handler's own answer is left then.
 *
 * @param options settings, or what {@link createSessions} made of them
 */
export function session<Data extends DataOf<Data> = any, Env extends object = any>(
  options: SessionOptions<Env> | Sessions<Data, Env>,
  strictness: Strictness = {},
): MiddlewareHandler<{ Bindings: Env; Variables: SessionVariables<Data> }> {
  const sessions = options instanceof Sessions ? options : createSessions<Data, Env>(options);
  return async (c, next) => {
    const waitUntil = waiter(c as unknown as HonoContext);
    try {
      const loaded = await sessions.get(c.req.raw, { env: c.env, ...(waitUntil && { waitUntil }), ...strictness });
      c.set("session", loaded);
      c.set("sessions", sessions as Sessions<Data>);
      try {
        await next();
      } catch (error) {
        // Hono answers what is thrown, unless it is no Error. Whoever signs out must be signed out even then.
        await loaded.cookies({ discard: true }).catch(failed);
        throw error;
      }
      const cookies = await stored(loaded, c.res.status >= 500, c.error !== undefined);
      c.res = new Response(c.res.body, c.res);
      mark(c.res.headers, cookies);
    } catch (error) {
      const answer = failed(error);
      if (answer === undefined) throw error;
      // Hono would put the headers of the response that is there into the new one.
      c.res = undefined;
      c.res = answer;
    }
    return undefined;
  };
}

/**
 * Commits. A session that another request ended meanwhile has no part in the response, which is right without it; nor may a
 * commit that fails hide what the handler threw.
 */
async function stored(session: Session<any>, isDiscarded: boolean, hasThrown: boolean): Promise<string[]> {
  try {
    return await session.cookies({ discard: isDiscarded });
  } catch (error) {
    if ((error as { code?: string }).code !== "ended" && !(isDiscarded && hasThrown)) throw error;
    failed(error);
    return [];
  }
}

function waiter(c: HonoContext): ((work: Promise<unknown>) => void) | undefined {
  try {
    const { executionCtx } = c;
    return (work) => executionCtx.waitUntil(work);
  } catch {
    // Hono throws where the runtime has none.
    return undefined;
  }
}
