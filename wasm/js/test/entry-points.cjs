// Loads all entry points, and checks that they know what the others made: copied into a project of packaging.mjs.
const names = ["", "/slim", "/fernet", "/hono", "/node", "/stores", "/stores/redis", "/stores/map", "/stores/kv", "/stores/d1",
  "/stores/deno-kv", "/stores/durable-object", "/stores/unstorage", "/stores/upstash"];
exports.load = async (load) => {
  const entries = {};
  for (const name of names) entries[name] = await load("fastsession" + name);
  return entries;
};
exports.check = async (makers, users) => {
  const ok = (value, what) => { if (!value) throw new Error(what + " does not hold"); };
  const { Hono } = await import("hono");
  const { createSessions } = makers[""];
  const keys = makers["/fernet"].Fernet.generateKey();
  const sessions = createSessions({ keys, store: makers["/stores/map"].mapStore() });
  for (const name of ["", "/slim"]) ok(sessions instanceof users[name].Sessions, "instanceof Sessions, " + name);
  class Mine extends users[""].SessionError {}
  let error;
  try { new makers["/fernet"].Fernet("x"); } catch (thrown) { error = thrown; }
  for (const name of ["", "/slim", "/fernet"]) ok(error instanceof users[name].SessionError, "instanceof SessionError, " + name);
  ok(!(error instanceof Mine) && new Mine("internal", "") instanceof Mine, "a class of one's own");
  ok(!({} instanceof users[""].Sessions) && !(new Error() instanceof users[""].SessionError), "others");
  const app = new Hono();
  app.use(users["/hono"].session(sessions));
  app.get("/", (c) => c.text(String(c.get("session").update("visits", (visits = 0) => visits + 1))));
  ok((await app.request("/")).headers.get("Set-Cookie") !== null, "Hono");
  // The module that one entry point brings serves all of them.
  ok(users["/slim"].createSessions({ keys, store: users["/stores"].mapStore() }) instanceof makers[""].Sessions, "slim");
  for (const [name, maker] of [["redis", "redisStore"], ["kv", "kvStore"], ["d1", "d1Store"], ["deno-kv", "denoKvStore"],
    ["durable-object", "durableObjectStore"], ["unstorage", "unstorageStore"], ["upstash", "upstashStore"]]) {
    ok(users["/stores"][maker] === users["/stores/" + name][maker], maker);
  }
  ok(users[""].tagOf === users["/stores"].tagOf && users[""].holds === users["/stores"].holds, "holds and tagOf");
};
