// Visitors of a store whose reads are old, as those of Workers KV: each place keeps what it read, also that there was nothing, for the lag.
import { equal, ok } from "./harness.mjs";
import { Visitor } from "./browser-like.mjs";

const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const LAG = 60;
/** From each seed another course of events is made; a failing one is named. */
const SEEDS = 30;

/** The tests. */
export function laggingStores({ createSessions, kvStore }) {
  /** Visitors at places of one store, and what moves its time. */
  function world(seed) {
    const random = generator(seed);
    const state = { time: 1_800_000_000 };
    const kv = placesKv(() => state.time, random);
    const placed = (at) => createSessions({ keys: KEY, store: kvStore(kv(at)), clock: () => state.time, idleTimeout: 100_000 });
    const places = Array.from({ length: 3 }, (_, at) => placed(at));
    const somewhere = () => places[Math.floor(random() * places.length)];
    const pass = (most) => { state.time += Math.floor(random() * (most + 1)); };
    return { state, random, places, somewhere, pass };
  }

  /** As many visits as a real visitor makes, anywhere, with pauses. */
  async function wander(one, { somewhere, pass, random }, seen) {
    for (let step = 0; step < 8; step++) {
      pass(random() < 0.5 ? 3 : 90);
      one.sessions = somewhere();
      const session = await one.session();
      const isRight = (when) => equal([session.get("visits") ?? 0, session.owner], [seen.visits, seen.owner], `what the visitor wrote, ${when}`);
      isRight("in a request before");
      await session.reload();
      isRight("read again");
      seen.visits = session.update("visits", (visits = 0) => visits + 1);
      if (step === 3) {
        session.signIn("ada");
        seen.owner = "ada";
      }
      if (step % 2 === 0) {
        await session.save();
        await session.reload();
        isRight("saved in this request");
      }
      one.take(await session.cookies());
      await session.reload();
      isRight("after the response");
    }
  }

  async function signOut(one, around) {
    one.sessions = around.somewhere();
    await one.visit((session) => {
      equal(session.owner, "ada");
      session.destroy();
    });
    equal(one.cookies.size, 0);
    equal((await one.session()).reason, "no_cookie");
  }

  /** That a kept copy of the cookies is good for nothing any more, anywhere. */
  async function isOver(thief, { places }) {
    for (const place of places) {
      thief.sessions = place;
      const session = await thief.session();
      ok(session.reason !== undefined && session.owner === undefined && session.size === 0, `a reason instead of ${session.owner}`);
    }
  }

  const seeded = (name, test) => [name, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      try {
        await test(world(seed), seed);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error.stack ?? error}`);
      }
    }
  }];

  return [
    seeded("on a store that lags, a visitor who wanders sees each own write", async (around) => {
      const one = new Visitor(around.places[0]);
      await wander(one, around, { visits: 0, owner: undefined });
    }),

    seeded("on a store that lags, a sign-out is final at once here and later everywhere, whatever comes late", async (around, seed) => {
      const { state, pass, somewhere, random } = around;
      const one = new Visitor(around.places[0]);
      await wander(one, around, { visits: 0, owner: undefined });
      const thief = one.copy();
      // Everywhere has looked, and remembers that the session has not ended.
      await isSignedIn(thief, around);
      // Requests that are still running, all kinds of them.
      const late = [];
      const kinds = ["insert", "touch", "update", "clear", "rotate"];
      for (const kind of kinds) {
        thief.sessions = somewhere();
        late.push([kind, await thief.session()]);
      }
      await signOut(one, around);
      for (const [at, [kind, session]] of late.entries()) {
        if (kind === "insert") session.insert("late", seed);
        if (kind === "update") session.update("visits", (visits = 0) => visits + 1);
        if (kind === "clear") session.clear();
        // A request that rotates makes a session of its own, unless it can see that this one has ended.
        if (kind === "rotate") {
          state.time += LAG + 1;
          session.rotate();
        }
        // Its response comes after that of the sign-out, so the browser takes its cookies.
        one.take(await session.cookies().catch((error) => endedOnly(error)));
        equal([(await one.session()).owner, (await one.session()).size], [undefined, 0], `after a late ${kind}`);
        if (at % 2 === 0) pass(20);
        if (random() < 0.2) await isOverIfLagged(thief, around, kind);
      }
      state.time += LAG + 1;
      await isOver(thief, around);
      for (const wait of [100, 1_000, 50_000]) {
        state.time += wait;
        await isOver(thief, around);
      }
    }),
  ];

  async function isSignedIn(one, { places }) {
    for (const place of places) {
      one.sessions = place;
      equal((await one.session()).owner, "ada");
    }
  }

  /** While the lag lasts a copy may still be good; it must not be an error. */
  async function isOverIfLagged(thief, { somewhere }) {
    thief.sessions = somewhere();
    await thief.session();
  }
}

/** Workers KV of several places. */
function placesKv(now, random) {
  const written = new Map();
  const newest = (key) => {
    const held = written.get(key);
    return held === undefined || held.until <= now() ? null : held.value;
  };
  return () => {
    const cache = new Map();
    return {
      async get(key) {
        const known = cache.get(key);
        // A place may look again sooner.
        if (known !== undefined && known.at + LAG > now() && random() < 0.9) return known.value?.slice().buffer ?? null;
        const value = newest(key);
        cache.set(key, { at: now(), value });
        return value?.slice().buffer ?? null;
      },
      async put(key, value, { expirationTtl }) {
        if (expirationTtl < 60) throw new Error("KV keeps nothing for less than 60 seconds");
        written.set(key, { value: new Uint8Array(value), until: now() + expirationTtl });
      },
      async delete(key) {
        written.delete(key);
      },
    };
  };
}

/** Random numbers from a seed: mulberry32. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** No cookies, where a request sees in time that its session has ended. */
function endedOnly(error) {
  if (error.code !== "ended") throw error;
  return [];
}
