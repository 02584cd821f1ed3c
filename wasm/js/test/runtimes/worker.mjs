// Inside workerd: the suite, and the contract on Workers KV, Durable Objects and D1.
import * as api from "fastsession";
import { Fernet } from "fastsession/fernet";
import { d1Store, durableObjectStore, kvStore, SessionObject } from "fastsession/stores";
import { contract } from "../contract.mjs";
import { equal, ok, run } from "../harness.mjs";
import { suite } from "../suite.mjs";

export { SessionObject };

const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const sessions = api.createSessions({ keys: KEY, store: ({ env }) => kvStore(env.KV) });

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === "/count") {
      const count = (_, { session }) => new Response(String(session.update("visits", (visits = 0) => visits + 1)));
      return await sessions.handler(count)(request, env, context);
    }
    const websocket = ["a WebSocket is kept", async () => {
      const pair = new WebSocketPair();
      const session = await sessions.get(new Request("https://example.org/"), { env });
      session.insert("a", 1);
      const response = await session.commit(new Response(null, { status: 101, webSocket: pair[0] }));
      equal([response.status, response.headers.getSetCookie().length], [101, 2]);
      ok(response.webSocket === pair[0]);
    }];
    return Response.json(await run([
      ...suite({ ...api, Fernet }),
      websocket,
      ...contract("Workers KV", () => kvStore(env.KV), { waits: false, conditions: false, lists: false }),
      ...contract("Durable Objects", () => durableObjectStore(env.OBJECTS)),
      ...contract("D1", () => d1Store(env.DB)),
    ]));
  },
};
