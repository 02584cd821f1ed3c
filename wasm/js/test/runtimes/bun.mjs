// Bun, with its own server.
import * as api from "fastsession";
import { Fernet } from "fastsession/fernet";
import { equal, run } from "../harness.mjs";
import { suite } from "../suite.mjs";
import { report } from "./report.mjs";

const served = ["Bun.serve serves it", async () => {
  const sessions = api.createSessions({ keys: Fernet.generateKey(), store: api.mapStore() });
  const fetch = sessions.handler((_, { session }) => new Response(String(session.update("visits", (visits = 0) => visits + 1))));
  const server = Bun.serve({ port: 0, fetch });
  let cookie = "";
  for (const expected of ["1", "2"]) {
    const response = await globalThis.fetch(server.url, { headers: { cookie } });
    cookie ||= response.headers.getSetCookie()[0].split(";")[0];
    equal(await response.text(), expected);
  }
  server.stop(true);
}];
report("Bun", await run([...suite({ ...api, Fernet }), served]));
