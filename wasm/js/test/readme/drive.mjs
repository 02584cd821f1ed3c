// Runs the README's blocks, which lie beside this file: `node drive.mjs NAME…`. A block without a driver fails, and so does
// a driver without a block.
import { contract } from "./contract.mjs";
import { equal, ok, run } from "./harness.mjs";

/** A browser, for a fetch handler. */
function browser(fetch, env = {}) {
  let cookies = new Map();
  return async (path = "/", init = {}) => {
    const headers = { ...init.headers, cookie: [...cookies].map((pair) => pair.join("=")).join("; ") };
    const response = await fetch(new Request(`http://localhost${path}`, { ...init, headers }), env, { waitUntil() {} });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/; Max-Age=0(;|$)/.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
}

async function counts(visit) {
  for (const number of [1, 2, 3]) equal(await (await visit()).text(), `This is your visit number ${number}.\n`);
}

function namespace() {
  const kept = new Map();
  return {
    get: async (key) => kept.get(key)?.buffer ?? null,
    put: async (key, value) => void kept.set(key, value.slice()),
    delete: async (key) => void kept.delete(key),
  };
}

const env = { SESSION_KEY: process.env.SESSION_KEY, SESSIONS: namespace() };

const drivers = {
  "worker.js": async ({ default: worker }) => counts(browser(worker.fetch, env)),
  "server.js": async ({ default: server }) => counts(browser(server.fetch)),
  async "express.js"() {
    const address = `http://127.0.0.1:${process.env.PORT}`;
    let isReady = false;
    for (let tries = 0; !isReady && tries < 100; tries++) {
      isReady = await fetch(`${address}/nothing`).then(() => true, () => new Promise((resolve) => setTimeout(resolve, 20)));
    }
    const visit = browser((request) => fetch(`${address}/`, { headers: { cookie: request.headers.get("cookie") } }));
    const first = await visit();
    equal(["Vary", "Cache-Control"].map((name) => first.headers.get(name)), ["Cookie", "no-store"]);
    ok(/^session=[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/.test(first.headers.getSetCookie()[0]), "the cookie");
    equal(await (await visit()).text(), "This is your visit number 2.\n");
  },
  "hono.ts": async ({ default: app }) => counts(browser(app.fetch, env)),
  async "account.ts"({ devices, signIn, signOut, signOutElsewhere }) {
    const routes = { "/in": (request) => signIn(request, "ada"), "/devices": devices, "/others": signOutElsewhere, "/out": signOut };
    const [one, other] = ["one", "other"].map(() => browser((request) => routes[new URL(request.url).pathname](request)));
    equal((await one("/devices")).status, 401);
    await one("/in", { headers: { "User-Agent": "laptop" } });
    await other("/in", { headers: { "User-Agent": "phone" } });
    const listed = await (await one("/devices")).json();
    equal(listed.map(({ label }) => label).sort(), ["laptop", "phone"]);
    equal((await one("/others")).status, 204);
    equal((await (await one("/devices")).json()).length, 1);
    equal((await other("/devices")).status, 401);
    await one("/out");
    equal((await one("/devices")).status, 401);
  },
  async "typed.ts"({ default: worker }) {
    const visit = browser(worker.fetch, env);
    await visit();
    equal(await (await visit()).json(), { items: 2, isSignedIn: false, hasStore: true });
  },
  async "form.ts"({ default: server }) {
    const visit = browser(server.fetch);
    const token = /value="([^"]+)"/.exec(await (await visit()).text())[1];
    const post = (csrf) => visit("/", { method: "POST", body: new URLSearchParams({ csrf }) });
    equal([(await post("forged")).status, (await post(token)).status], [403, 303]);
    ok((await (await visit()).text()).includes("<p>Saved.</p>"));
    ok((await (await visit()).text()).includes("<p></p>"));
  },
  async "stream.ts"({ stream }) {
    const response = await stream(new Request("http://localhost/"));
    equal(await response.text(), "one\ntwo\n");
    equal(response.headers.getSetCookie().length, 1);
  },
  async "objects.js"({ SessionObject, default: worker }) {
    const objects = new Map();
    const bound = {
      idFromName: (name) => name,
      get(id) {
        if (!objects.has(id)) objects.set(id, new SessionObject(state()));
        return { fetch: (url, init) => objects.get(id).fetch(new Request(url, init)) };
      },
    };
    const response = await worker.fetch(new Request("http://localhost/"), { ...env, SESSIONS: bound });
    equal(await response.text(), "Hello stranger.\n");
  },
  async "store.ts"({ recordsStore }) {
    const { count, failures } = await run(contract("the README's store", () => recordsStore(), { lists: false }));
    ok(count > 5 && failures.length === 0, failures.join("\n"));
  },
  "fernet.ts": async () => {},
  async "slim.js"({ sessions }) {
    const session = await sessions.load("");
    session.insert("a", 1);
    equal((await session.cookies()).length, 1);
  },
};

/** As much of an object's state as a stranger's visit asks for. */
function state() {
  return { storage: { get: async () => undefined }, blockConcurrencyWhile: (work) => work() };
}

const names = process.argv.slice(2);
equal(names.toSorted(), Object.keys(drivers).toSorted(), "blocks");
for (const name of names) {
  try {
    await drivers[name](await import(`./${name.replace(/\w+$/, "mjs")}`));
  } catch (error) {
    console.error(`${name}: ${error.stack}`);
    process.exit(1);
  }
}
console.log(`${names.length} blocks ran`);
// The blocks' servers and connections are still open.
process.exit(0);
