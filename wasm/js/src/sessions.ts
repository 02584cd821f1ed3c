/** The manager: settings, a store, and what can be done without a request. */

import { brand } from "./brand.js";
import { Fact, Phase, sessionsCore } from "./core/phases.js";
import type { DataOf } from "./data.js";
import { goOn, type Host, load } from "./drive.js";
import { invalidArgument, SessionError } from "./error.js";
import { ANY, ask, read } from "./guard.js";
import {
  checkedClock, checkOptions, checkStore, type Context, coreOptions, isTexts, keyTexts, type Reason, type SessionEvent,
  type SessionOptions,
  type Surroundings, unfit,
} from "./options.js";
import { failed, withSession } from "./respond.js";
import { Session } from "./session.js";
import { checkText } from "./value/writer.js";

const DEFAULT_TIMEOUT = 10_000;
/** One character more than the bytes that the core looks at: it tells of what it leaves unread. */
const MAX_HEADER = 65_537;
const DEFAULT_LAG = 60;
/** How often a user's lists are gone through to end sessions, while keys rotate and sessions move between them. */
const MAX_PASSES = 8;
/** The core's bound of a session, where no other is set. */
const DEFAULT_LIMIT = 65_536;
/** Roughly what a session in a cookie may take: the core knows it exactly. */
const MAX_COOKIE = 3_000;

/** How many applications have sessions in this program: each has managers of its own in the core. */
let count = 0;

/** How strict to be with a request, route by route. */
export interface Strictness {
  /** Refuse a cookie that does not open, with `bad_cookie` and status 400. */
  strict?: boolean;
  /** Refuse a request without a stored session, with `no_session` and status 401. */
  required?: boolean;
}

/** One of a user's sessions. */
export interface Listing {
  /** What {@link Sessions.end} takes to end it. It is a hash: whoever sees it cannot use the session. */
  handle: string;
  /** When the user signed in, in seconds since 1970. */
  created: number;
  /** The last request that was written down, in seconds since 1970. */
  lastSeen: number;
  /** What `setLabel` set, or nothing. */
  label: string;
}

/** A request, as far as sessions look at it. */
export interface RequestLike {
  headers: { get(name: string): string | null };
}

/** Which of a user's sessions to end: all, or only or all but the one under a key. */
interface Which {
  only?: string;
  except?: string;
}

/** What a handler of {@link Sessions.handler} is given. */
export interface Handling<Data extends object, Env> extends Surroundings<Env> {
  session: Session<Data>;
}

/** Loads, commits, lists and ends sessions. Made once, by {@link createSessions}; it may be at module scope. */
export class Sessions<Data extends object = any, Env = any> {
  readonly #options: SessionOptions<Env>;
  /** What the core's managers are called: the keys that they have come behind it. */
  readonly #name = count++;

  /** @internal */
  constructor(options: SessionOptions<Env>) {
    checkOptions(options);
    const { keys, store, cookie } = options;
    // What is checked here must not change afterwards.
    this.#options = { ...options, cookie: { ...cookie }, keys: typeof keys === "function" ? keys : keyTexts(keys) };
    if (typeof keys !== "function" && typeof store !== "function") this.#host({});
  }

  /**
   * The session of a request: read from the store if the request has a cookie that opens, and a fresh one otherwise.
   *
   * @throws {@link SessionError} if the store fails; `bad_cookie` or `no_session` where that is asked for
   */
  async get(request: RequestLike, context: Context<Env> & Strictness = {}): Promise<Session<Data>> {
    if (typeof request?.headers?.get !== "function") {
      throw invalidArgument("get needs a Request: elsewhere load(req.headers.cookie)");
    }
    return await this.load(request.headers.get("Cookie"), context);
  }

  /**
   * As {@link get}, for the value of the `Cookie` header, or the values of all of them.
   *
   * @throws as {@link get}
   */
  async load(
    cookies: string | readonly string[] | null | undefined,
    context: Context<Env> & Strictness = {},
  ): Promise<Session<Data>> {
    const given = cookies ?? [];
    if (!isTexts(given)) throw unfit("the Cookie header must be text, an array of texts, null or undefined");
    const header = (typeof given === "string" ? given : given.join("; ")).slice(0, MAX_HEADER);
    const host = this.#host(context);
    const state = await load(host, header);
    const reason = state[Fact.Reason];
    if (context.strict && reason === "bad_cookie") {
      const [cookies] = host.ask(Phase.RemovalCookies, 0);
      throw new SessionError(reason, undefined, { cookies });
    }
    if (context.required && reason) throw new SessionError("no_session");
    return new Session<Data>(host, state, header);
  }

  /**
   * A `fetch` handler around one that is given the session: loads it, commits it, and answers 400, 401 or 503 where that
   * fails. For Workers (`export default { fetch: sessions.handler(…) }`), `Deno.serve` and `Bun.serve`.
   */
  handler<R extends Request = Request>(
    handle: (request: R, handling: Handling<Data, Env>) => Response | Promise<Response>,
    strictness: Strictness = {},
  ): (request: R, env?: Env, context?: { waitUntil(work: Promise<unknown>): void }) => Promise<Response> {
    return async (request, env, context) => {
      const around = { env: env!, waitUntil: context?.waitUntil && ((work: Promise<unknown>) => context.waitUntil(work)) };
      try {
        const session = await this.get(request, { ...around, ...strictness });
        let response: Response;
        try {
          response = await handle(request, { ...around, session });
        } catch (error) {
          // Whoever signs out must be signed out, even if what follows fails. If that fails as well, the log tells of it.
          await session.cookies({ discard: true }).catch(failed);
          throw error;
        }
        try {
          return await session.commit(response);
        } catch (error) {
          // Nothing of it is stored, and whoever ended the session is to be believed. The event tells of it.
          if ((error as SessionError).code !== "ended") throw error;
          return withSession(response, []);
        }
      } catch (error) {
        const answer = failed(error);
        if (!answer) throw error;
        return answer;
      }
    };
  }

  /**
   * The sessions that `user` is signed in with, the one used last first.
   *
   * @throws {@link SessionError} `unsupported` if the store keeps no lists
   */
  async list(user: string, context: Context<Env> = {}): Promise<Listing[]> {
    const [host, owners] = this.#owners(user, context);
    const listings = new Map<string, Listing>();
    for (const owner of owners) {
      for (const { key, entry } of await ask(host, "list", owner)) {
        const [label, created, lastSeen] = host.ask(Phase.OpenListing, 0, key, entry);
        // One that is on two lists is on the newer one anew.
        if (label !== undefined && !listings.has(key)) listings.set(key, { handle: key, created, lastSeen, label });
      }
    }
    return [...listings.values()].sort((one, other) => other.lastSeen - one.lastSeen || other.created - one.created);
  }

  /**
   * Ends the session of `user` that `handle` names; `false` if the user has none of that name, whoever else may.
   *
   * @throws {@link SessionError} `unsupported` if the store keeps no lists or is not consistent, `invalid_handle`
   */
  async end(user: string, handle: string, context: Context<Env> = {}): Promise<boolean> {
    return (await this.#end(user, { only: handle }, context)) > 0;
  }

  /**
   * Ends all sessions of `user`, and tells how many there were.
   *
   * @throws as {@link end}
   */
  endAll(user: string, context: Context<Env> = {}): Promise<number> {
    return this.#end(user, {}, context);
  }

  /**
   * Ends all sessions of `user` but the one that `handle` names, and tells how many there were.
   *
   * @throws as {@link end}
   */
  endOthers(user: string, handle: string, context: Context<Env> = {}): Promise<number> {
    return this.#end(user, { except: handle }, context);
  }

  /** Ends sessions, whatever becomes of the request. */
  #end(user: string, which: Which, context: Context<Env>): Promise<number> {
    const ended = this.#endOwned(user, which, context);
    goOn(context, ended);
    return ended;
  }

  async #endOwned(user: string, which: Which, context: Context<Env>): Promise<number> {
    for (const handle of Object.values(which)) checkText(handle, "invalid_handle");
    const [host, owners] = this.#owners(user, context);
    if (host.placement !== "store") {
      throw new SessionError("unsupported", 'ending sessions from elsewhere needs placement: "store", and a store that shows its writes at once');
    }
    let ended = 0;
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const before = ended;
      // The oldest first: a session that is sealed anew meanwhile moves to the newest list, and is met there.
      for (const owner of owners.toReversed()) ended += await deleteOwned(host, owner, which);
      // Something may have joined a list meanwhile, as a session whose id changes does.
      if (ended === before) break;
    }
    return ended;
  }

  /** The names of a user's lists, for a store that has lists. */
  #owners(user: string, context: Context<Env>): [Host, string[]] {
    const host = this.#host(context);
    if (!host.store?.list) throw new SessionError("unsupported", "this store keeps no lists of users' sessions");
    checkText(user, "invalid_owner");
    return [host, host.ask(Phase.OwnerKeys, 0, user)[0]];
  }

  #host(context: Context<Env>): Host {
    const options = this.#options;
    const { clock, timeout = DEFAULT_TIMEOUT, limit = DEFAULT_LIMIT, onEvent } = options;
    let store = options.placement === "cookie" ? undefined : options.store;
    if (typeof store === "function") checkStore((store = store(context as Surroundings<Env>)));
    const { lag = DEFAULT_LAG, consistent = true } = store?.capabilities ?? {};
    const { placement = consistent ? "store" : "both" } = options;
    const { keys: given } = options;
    const keys = typeof given === "function" ? keyTexts(given(context as Surroundings<Env>)) : (given as string[]);
    const hasOwners = store?.list !== undefined;
    const name = [this.#name, placement, lag, hasOwners, ...keys].join(" ");
    // In the order of wasm/src/config.rs.
    const settings = () => [keys, ...coreOptions(options), hasOwners, placement, lag];
    sessionsCore.numberOf(name, settings);
    return {
      // Where the core has lost the manager since, it is made again.
      ask: (phase, now, ...values) => sessionsCore.ask(phase, now, values, sessionsCore.numberOf(name, settings)) as never,
      placement,
      store,
      timeout,
      versions: new Map(),
      now: checkedClock(clock),
      emit(kind, key = null, reason) {
        if (onEvent) tell(onEvent, { kind, key, reason: reason as Reason | undefined });
      },
      waitUntil: context.waitUntil,
      limit: placement === "store" ? limit : Math.min(limit, MAX_COOKIE),
    };
  }
}
brand(Sessions, "Sessions");

/**
 * The sessions of an application.
 *
 * `Data` says what is kept under which key, which must be values that a session can hold; `Env` what a Worker's bindings are.
 *
 * @throws {@link SessionError} `invalid_config` or `invalid_key`, at once or, where keys or store are functions, at the
 * first request
 */
export function createSessions<Data extends DataOf<Data> = any, Env = any>(
  options: SessionOptions<Env>,
): Sessions<Data, Env> {
  return new Sessions<Data, Env>(options);
}

/** Tells the application. What fails there must not fail the request, whose writes may be done already. */
async function tell(listener: (event: SessionEvent) => unknown, event: SessionEvent): Promise<void> {
  try {
    await listener(event);
  } catch (error) {
    console.error(error);
  }
}

/** Deletes what is on a list, and tells how many sessions that ended. */
async function deleteOwned(host: Host, owner: string, which: Which): Promise<number> {
  if (host.store!.deleteOwned) return await ask(host, "deleteOwned", owner, which);
  const { only, except } = which;
  let ended = 0;
  for (const { key } of await ask(host, "list", owner)) {
    if (key === except || (only !== undefined && key !== only)) continue;
    const record = await read(host, key);
    await ask(host, "delete", key, ANY);
    if (record.length > 0) ended += 1;
  }
  return ended;
}
