// What every store has to do, on its real engine: as native/src/testing has it for the Rust stores.
import { equal, ok } from "./harness.mjs";

const FAR = 4_000_000_000;
let number = 0;

/**
 * The tests of a store. `waits` says that it expires within a second or two, so that waiting for it is worthwhile;
 * `conditions` and `lists`, that it has them.
 */
export function contract(name, makeStore, { waits = true, conditions = true, lists = true } = {}) {
  let store;
  const isConditional = () => store.capabilities?.conditions === true;
  const any = { kind: "any" };
  const absent = { kind: "absent" };
  const unique = () => (++number).toString(16).padStart(8, "0") + hex(28);
  const put = (key, record, { condition = any, filing, ttl = 600 } = {}) => {
    const expiresAt = Math.floor(Date.now() / 1000) + ttl;
    return Promise.resolve(store.put(key, record, { expiresAt, ttl, condition, filing }));
  };
  const get = async (key) => {
    const held = await store.get(key);
    if (held === null || held === undefined) return undefined;
    const { record, version } = "record" in held ? held : { record: held, version: undefined };
    return { record: new Uint8Array(record), version };
  };
  const matches = async (key) => {
    const held = await get(key);
    return { kind: "matches", tag: held.record.slice(-32), version: held.version };
  };
  const has = async (key, record, what) => equal((await get(key))?.record, record, what);
  const isDone = (answer) => answer === undefined || answer === true;
  const filing = (owner, isNew = true, entry = bytes(40)) => ({ owner, entry, isNew, until: FAR });

  const tests = [
    ["keeps bytes and forgets them", async () => {
      const key = unique();
      equal(await get(key), undefined);
      const record = new Uint8Array(256).map((_, at) => at);
      ok(isDone(await put(key, record)));
      await has(key, record);
      const other = bytes(200);
      ok(isDone(await put(key, other)));
      await has(key, other);
      ok(isDone(await store.delete(key, { condition: any })));
      equal(await get(key), undefined);
      ok(isDone(await store.delete(key, { condition: any })), "deleting nothing");
    }],
    ["keeps small and large records", async () => {
      for (const length of [33, 1_000, 60_000]) {
        const [key, record] = [unique(), bytes(length)];
        ok(isDone(await put(key, record)));
        await has(key, record, `${length} bytes`);
      }
    }],
    ["gives a copy of its own", async () => {
      const [key, record] = [unique(), bytes(64)];
      await put(key, record.slice());
      (await get(key)).record.fill(0);
      await has(key, record);
    }],
    ["checks that a record is absent", async () => {
      if (!isConditional()) return;
      const [key, record] = [unique(), bytes(64)];
      equal(await put(key, record, { condition: absent }), true);
      equal(await put(key, bytes(64), { condition: absent }), false);
      await has(key, record);
    }],
    ["checks that a record is the one that was read", async () => {
      if (!isConditional()) return;
      const [key, second] = [unique(), bytes(90)];
      equal(await put(key, bytes(64), { condition: { kind: "matches", tag: bytes(32), version: undefined } }), false);
      await put(key, bytes(64));
      const condition = await matches(key);
      equal(await put(key, second, { condition }), true);
      equal(await put(key, bytes(64), { condition }), false);
      equal(await store.delete(key, { condition }), false);
      await has(key, second);
      equal(await store.delete(key, { condition: await matches(key) }), true);
      equal(await get(key), undefined);
    }],
    ["of writers at once one wins", async () => {
      if (!isConditional()) return;
      const key = unique();
      let records = Array.from({ length: 10 }, () => bytes(64));
      let answers = await Promise.all(records.map((record) => put(key, record, { condition: absent })));
      equal(answers.filter(Boolean).length, 1, "creations");
      await has(key, records[answers.indexOf(true)]);
      const condition = await matches(key);
      records = records.map(() => bytes(64));
      answers = await Promise.all(records.map((record) => put(key, record, { condition })));
      equal(answers.filter(Boolean).length, 1, "changes");
      await has(key, records[answers.indexOf(true)]);
    }],
    ["of a deletion and a change at once one wins", async () => {
      if (!isConditional()) return;
      for (let round = 0; round < 5; round++) {
        const key = unique();
        await put(key, bytes(64));
        const condition = await matches(key);
        const record = bytes(64);
        const [isStored, isDeleted] = await Promise.all([put(key, record, { condition }), store.delete(key, { condition })]);
        equal([isStored, isDeleted].filter(Boolean).length, 1);
        equal((await get(key))?.record, isStored ? record : undefined);
      }
    }],
    ["forgets what is over", async () => {
      if (!waits) return;
      const [key, other] = [unique(), unique()];
      await put(key, bytes(64), { ttl: 1 });
      await put(other, bytes(64), { ttl: 600 });
      // Where a machine is busy, a runtime's clock may lag behind its timers.
      for (let seconds = 0; seconds < 20 && (seconds < 2 || (await get(key)) !== undefined); seconds++) {
        await new Promise((resolve) => setTimeout(resolve, 1_050));
      }
      equal(await get(key), undefined);
      ok((await get(other)) !== undefined);
      if (isConditional()) equal(await put(key, bytes(64), { condition: absent }), true, "over counts as absent");
    }],
    ["lists the records of an owner", async () => {
      if (store.list === undefined) return;
      const [owner, other] = [hex(32), hex(32)];
      const keys = [unique(), unique(), unique()];
      const entries = keys.map(() => bytes(50));
      equal(await store.list(owner), []);
      for (const [at, key] of keys.entries()) {
        await put(key, bytes(64), { filing: filing(at === 2 ? other : owner, true, entries[at]) });
      }
      const listed = await store.list(owner);
      const sorted = listed.map(({ key, entry }) => [key, new Uint8Array(entry)]).sort();
      equal(sorted, [[keys[0], entries[0]], [keys[1], entries[1]]].sort());
      const entry = bytes(70);
      await put(keys[0], bytes(64), { condition: isConditional() ? await matches(keys[0]) : any, filing: filing(owner, false, entry) });
      equal(new Uint8Array((await store.list(owner)).find(({ key }) => key === keys[0]).entry), entry, "the new entry");
      await store.delete(keys[0], { condition: any });
      equal((await store.list(owner)).map(({ key }) => key), [keys[1]]);
    }],
    ["lists a record for as long as it lives, also if a later write prolongs it", async () => {
      if (!waits || store.list === undefined) return;
      const [owner, prolonged, other] = [hex(32), unique(), unique()];
      const soon = { ...filing(owner), until: Math.floor(Date.now() / 1000) + 1 };
      await put(prolonged, bytes(64), { filing: soon });
      await put(prolonged, bytes(64), { condition: isConditional() ? await matches(prolonged) : any, filing: filing(owner, false) });
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      await put(other, bytes(64), { filing: filing(owner) });
      equal((await store.list(owner)).map(({ key }) => key).sort(), [prolonged, other].sort());
    }],
    ["ends the records of an owner", async () => {
      if (store.deleteOwned === undefined) return;
      const [owner, other] = [hex(32), hex(32)];
      const keys = [unique(), unique(), unique(), unique()];
      for (const [at, key] of keys.entries()) await put(key, bytes(64), { filing: filing(at === 3 ? other : owner) });
      equal(await store.deleteOwned(owner, { only: keys[3] }), 0);
      equal(await store.deleteOwned(owner, { only: keys[0] }), 1);
      equal(await store.deleteOwned(owner, { except: keys[1] }), 1);
      equal((await store.list(owner)).map(({ key }) => key), [keys[1]]);
      equal(await store.deleteOwned(owner, {}), 1);
      equal([await get(keys[1]), await store.list(owner)], [undefined, []]);
      ok((await get(keys[3])) !== undefined);
    }],
  ];
  return [
    [`${name}: opens`, async () => {
      store = await makeStore();
      equal(isConditional(), conditions, "conditions");
      equal(store.list !== undefined, lists, "lists");
    }],
    ...tests.map(([what, test]) => [`${name}: ${what}`, test]),
  ];
}

function bytes(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

function hex(length) {
  return [...bytes(length)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
