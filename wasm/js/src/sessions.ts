/** The manager: settings, a store, and what can be done without a request. */

import { brand } from "./brand.js";
import { systemClock } from "./clock.js";
import { CoreManager } from "./core/manager.js";
import { goOn, type Host, load } from "./drive.js";
import { invalidArgument, SessionError } from "./error.js";
import { GuardedStore } from "./guard.js";
import {
  checkedClock, checkOptions, checkStore, type Context, keyTexts, type Placement, type SessionEvent, type SessionOptions,
  type Surroundings,
} from "./options.js";
import { checkResponse, failed, withSession } from "./respond.js";
import { type DataOf, Session } from "./session.js";
import type { SessionStore } from "./store.js";
import { checkText } from "./value/writer.js";

const DEFAULT_TIMEOUT = 10_000;
const DEFAULT_LAG = 60;
/** How often a user's lists are gone through to end sessions, while keys rotate and sessions move between them. */
const MAX_PASSES = 8;
/** The core's bound of a session, where no other is set. */
const DEFAULT_LIMIT = 65_536;
/** Roughly what a session in a cookie may take: the core knows it exactly. */
const MAX_COOKIE = 3_000;
/** How many sets of keys are remembered, where tenants have keys of their own. */
const MAX_MANAGERS = 64;

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

/** What a handler of {@link Sessions.handler} is given. */
export interface Handling<Data extends object, Env> extends Surroundings<Env> {
  session: Session<Data>;
}

/** Loads, commits, lists and ends sessions. Made once, by {@link createSessions}; it may be at module scope. */
export class Sessions<Data extends object = any, Env = any> {
  readonly #options: SessionOptions<Env>;
  /** The keys, unless they come with the request. */
  readonly #keys: string[] | undefined;
  /** The core's managers, by what they depend on: there is one, unless keys change while the program runs. */
  readonly #managers = new Map<string, CoreManager>();

  /** @internal */
  constructor(options: SessionOptions<Env>) {
    checkOptions(options);
    this.#options = { ...options, cookie: { ...options.cookie } };
    if (typeof options.keys !== "function") this.#keys = keyTexts(options, {});
    if (this.#keys !== undefined && typeof options.store !== "function") this.#host({});
  }

  /**
   * The session of a request: read from the store if the request has a cookie that opens, and a fresh one otherwise.
   *
   * @throws {@link SessionError} if the store fails; `bad_cookie` or `no_session` where that is asked for
   */
  async get(request: RequestLike, context: Context<Env> & Strictness = {}): Promise<Session<Data>> {
    if (typeof request?.headers?.get !== "function") {
      throw invalidArgument("get needs a Request: elsewhere call load with the Cookie header, as load(req.headers.cookie)");
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
    const header = typeof cookies === "string" ? cookies : joined(cookies ?? []);
    const host = this.#host(context);
    const state = await load(host, header);
    if (context.strict === true && state.reason === "bad_cookie") {
      throw new SessionError("bad_cookie", "the session cookie does not open", { cookies: host.core.removalCookies() });
    }
    if (context.required === true && state.reason !== undefined) {
      throw new SessionError("no_session", "the request has no session");
    }
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
      const around: Context<Env> = {
        ...(env === undefined ? {} : { env }),
        ...(typeof context?.waitUntil === "function" ? { waitUntil: (work) => context.waitUntil(work) } : {}),
      };
      try {
        const session = await this.get(request, { ...around, ...strictness });
        let response: Response;
        try {
          response = await handle(request, { ...around, session } as Handling<Data, Env>);
        } catch (error) {
          // Whoever signs out must be signed out, even if what follows fails. If that fails as well, the log tells of it.
          await session.cookies({ discard: true }).catch(failed);
          throw error;
        }
        checkResponse(response);
        try {
          return await session.commit(response);
        } catch (error) {
          // Nothing of it is stored, and whoever ended the session is to be believed. The event tells of it.
          if ((error as SessionError).code !== "ended") throw error;
          return withSession(response, []);
        }
      } catch (error) {
        const answer = failed(error);
        if (answer === undefined) throw error;
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
    const { core, store } = this.#owners(context);
    const listings = new Map<string, Listing>();
    for (const owner of ownerKeys(core, user)) {
      for (const { key, entry } of await store.list(owner)) {
        const opened = core.openListing(key, entry);
        // One that is on two lists is on the newer one anew.
        if (opened !== undefined && !listings.has(key)) listings.set(key, { handle: key, ...opened });
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
    checkText(handle, "invalid_handle");
    return (await this.#end(user, { only: handle }, context)) > 0;
  }

  /**
   * Ends all sessions of `user`, and tells how many there were.
   *
   * @throws as {@link end}
   */
  async endAll(user: string, context: Context<Env> = {}): Promise<number> {
    return await this.#end(user, {}, context);
  }

  /**
   * Ends all sessions of `user` but the one that `handle` names, and tells how many there were.
   *
   * @throws as {@link end}
   */
  async endOthers(user: string, handle: string, context: Context<Env> = {}): Promise<number> {
    checkText(handle, "invalid_handle");
    return await this.#end(user, { except: handle }, context);
  }

  #end(user: string, which: { only?: string; except?: string }, context: Context<Env>): Promise<number> {
    const ended = this.#endOwned(user, which, context);
    goOn(context, ended);
    return ended;
  }

  async #endOwned(user: string, which: { only?: string; except?: string }, context: Context<Env>): Promise<number> {
    const { core, store, placement } = this.#owners(context);
    if (placement !== "store") {
      throw new SessionError(
        "unsupported",
        "this store shows writes late, so that nobody's sessions can be ended from elsewhere: use a consistent one, as Durable Objects, D1 or Redis",
      );
    }
    // The oldest first: a session that is sealed anew meanwhile moves to the newest list, and is met there.
    const owners = ownerKeys(core, user).reverse();
    let ended = 0;
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      let inThisPass = 0;
      for (const owner of owners) {
        inThisPass +=
          typeof store.store.deleteOwned === "function"
            ? await store.deleteOwned(owner, which)
            : await deleteListed(store, owner, which);
      }
      ended += inThisPass;
      if (inThisPass === 0 || owners.length === 1) break;
    }
    return ended;
  }

  #owners(context: Context<Env>): { core: CoreManager; store: GuardedStore; placement: Placement } {
    const { core, store, placement } = this.#host(context);
    if (store === undefined || !store.hasList) {
      throw new SessionError("unsupported", "this store keeps no lists of its owners' sessions");
    }
    return { core, store, placement };
  }

  #host(context: Context<Env>): Host {
    const options = this.#options;
    const now = options.clock === undefined ? systemClock : checkedClock(options.clock);
    const store = this.#store(context);
    const lag = store?.capabilities?.lag ?? DEFAULT_LAG;
    const isConsistent = store?.capabilities?.consistent ?? true;
    const placement = options.placement ?? (isConsistent ? "store" : "both");
    const guarded = store === undefined ? undefined : new GuardedStore(store, options.timeout ?? DEFAULT_TIMEOUT);
    const keys = this.#keys ?? keyTexts(options, context);
    const hasOwners = guarded?.hasList === true;
    return {
      core: this.#manager(keys, placement, lag, hasOwners),
      placement,
      store: guarded,
      now,
      emit: (kind, key, reason) => emit(options.onEvent, { kind, key: key ?? null, ...(reason && { reason }) }),
      waitUntil: typeof context.waitUntil === "function" ? context.waitUntil : undefined,
      limit: Math.min(options.limit ?? DEFAULT_LIMIT, placement === "store" ? Infinity : MAX_COOKIE),
    };
  }

  #store(context: Context<Env>): SessionStore | undefined {
    const { store, placement } = this.#options;
    if (placement === "cookie" || store === undefined) return undefined;
    if (typeof store !== "function") return store;
    const made = store(context as Surroundings<Env>);
    checkStore(made);
    return made;
  }

  #manager(keys: string[], placement: Placement, lag: number, hasOwners: boolean): CoreManager {
    const name = [placement, lag, hasOwners, ...keys].join(" ");
    let manager = this.#managers.get(name);
    if (manager !== undefined && this.#managers.size === 1) return manager;
    manager ??= new CoreManager({ options: this.#options, keys, placement, lag, hasOwners });
    // The one used last goes to the end.
    this.#managers.delete(name);
    this.#managers.set(name, manager);
    if (this.#managers.size > MAX_MANAGERS) this.#managers.delete(this.#managers.keys().next().value!);
    return manager;
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
function emit(listener: SessionOptions["onEvent"], event: SessionEvent): void {
  try {
    const answer: unknown = listener?.(event);
    if (answer instanceof Promise) answer.catch((error: unknown) => console.error(error));
  } catch (error) {
    console.error(error);
  }
}

function joined(cookies: readonly string[]): string {
  if (Array.isArray(cookies)) return cookies.join("; ");
  throw new SessionError("invalid_config", "the Cookie header must be text, an array of texts, null or undefined");
}

function ownerKeys(core: CoreManager, user: string): string[] {
  checkText(user, "invalid_owner");
  return core.ownerKeys(user);
}

/** Deletes what is on a list, until nothing has joined it meanwhile, as a session whose id changes does. */
async function deleteListed(
  store: GuardedStore,
  owner: string,
  which: { only?: string; except?: string },
): Promise<number> {
  const known = new Set<string>();
  let ended = 0;
  for (;;) {
    const filed = await store.list(owner);
    const keys = filed.map(({ key }) => key).filter((key) => !known.has(key));
    const meant = keys.filter((key) => (which.only === undefined || key === which.only) && key !== which.except);
    if (meant.length === 0) return ended;
    for (const key of meant) {
      known.add(key);
      const record = await store.get(key);
      await store.delete(key, { kind: "any" });
      if (record.length > 0) ended += 1;
    }
  }
}
