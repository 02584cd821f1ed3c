// `fastsession/node`, on real responses of node:http.
import { createServer } from "node:http";
import { once } from "node:events";
import { equal, fails } from "./harness.mjs";

/** The tests, for what the package exports. */
export function nodeResponseTests({ createSessions, mapStore, commitTo, Fernet }) {
  /** What a client gets of a response that `work` makes. */
  const answer = async (work, cookie = "") => {
    let unexpected;
    const server = createServer(async (request, response) => {
      try {
        await work(response, request);
      } catch (error) {
        unexpected = error.status === undefined ? error : undefined;
        response.statusCode = error.status ?? 500;
      }
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { cookie } });
      const { headers } = response;
      if (unexpected !== undefined) throw unexpected;
      const set = headers.getSetCookie().map((line) => line.split("=")[0]);
      return [response.status, set, headers.get("Vary"), headers.get("Cache-Control")];
    } finally {
      server.close();
    }
  };
  const make = (store = mapStore()) => createSessions({ keys: Fernet.generateKey(), store });

  return [
    ["a response of Node's gets the cookie and says what it depends on", async () => {
      const sessions = make();
      const visit = async (response, work = () => {}) => {
        const session = await sessions.load("");
        work(session);
        await commitTo(response, session);
      };
      const count = (session) => session.insert("a", 1);
      equal(await answer((response) => visit(response)), [200, [], "Cookie", "private"]);
      equal(await answer((response) => {
        response.setHeader("Vary", "Accept");
        response.setHeader("Cache-Control", "public");
        response.setHeader("Set-Cookie", "theme=dark");
        return visit(response, count);
      }), [200, ["theme", "__Host-session"], "Accept, Cookie", "no-store"]);
      equal(await answer((response) => {
        response.setHeader("Vary", ["Accept", "cookie"]);
        response.setHeader("Cache-Control", "max-age=60");
        return visit(response);
      }), [200, [], "Accept, cookie", "max-age=60"]);
    }],

    ["a response of Node's that fails, or was sent, carries no cookie", async () => {
      const sessions = make();
      equal(await answer(async (response) => {
        const session = await sessions.load("");
        session.insert("a", 1);
        response.statusCode = 500;
        await commitTo(response, session);
      }), [500, [], "Cookie", "private"]);
      const down = make({ ...mapStore(), put: () => Promise.reject(new Error("down")) });
      equal(await answer(async (response) => {
        const session = await down.load("");
        session.insert("a", 1);
        await commitTo(response, session);
      }), [503, [], null, null]);
      equal(await answer(async (response) => {
        const session = await sessions.load("");
        session.insert("a", 1);
        response.flushHeaders();
        await fails(() => commitTo(response, session), "response_sent");
        // Nothing was stored either.
        equal(session.key, undefined);
      }), [200, [], null, null]);
    }],
  ];
}
