// The middleware for Hono.
import { equal, ok } from "./harness.mjs";
import { Visitor } from "./browser-like.mjs";

/** The tests, for what the package and Hono export; `serve` serves an application by HTTP and gives its address. */
export function honoTests({ createSessions, mapStore, session, Fernet, Hono, HTTPException, serve }) {
  const make = (store = mapStore()) => createSessions({ keys: Fernet.generateKey(), store });
  const application = (sessions) => {
    const app = new Hono();
    app.use(session(sessions));
    return app;
  };
  const count = (c) => c.get("session").update("count", (count = 0) => count + 1);
  /** Requests of one browser: the response, and then the session. */
  const browser = (app, sessions) => {
    const visitor = new Visitor(sessions);
    return async (path) => {
      const response = await app.request(path, { headers: { cookie: visitor.header() } });
      visitor.take(response.headers.getSetCookie());
      return [response, await visitor.session()];
    };
  };
  const quietly = async (work) => {
    const { error } = console;
    console.error = () => {};
    try {
      return await work();
    } finally {
      console.error = error;
    }
  };

  return [
    ["Hono: nothing of the page is left in the answer to a commit that failed", () => quietly(async () => {
      const inner = mapStore();
      const app = application(make({ ...inner, put: () => { throw new Error("down"); } }));
      app.get("/", (c) => {
        count(c);
        c.header("Cache-Control", "public, max-age=3600");
        c.header("Set-Cookie", "theme=dark");
        c.header("ETag", '"1"');
        return c.body("hello", 200, { "Content-Length": "5" });
      });
      const response = await app.request("/");
      equal([response.status, [...response.headers]], [503, [["cache-control", "no-store"]]]);
      const server = await serve(app);
      try {
        const answer = await fetch(server.url);
        equal([answer.status, await answer.text()], [503, ""]);
        equal(["cache-control", "set-cookie", "etag"].map((name) => answer.headers.get(name)), ["no-store", null, null]);
      } finally {
        server.stop();
      }
    })],

    ["Hono: every status below 500 commits, also where it is thrown", () => quietly(async () => {
      const sessions = make();
      const app = application(sessions);
      app.get("/returned", (c) => (count(c), c.text("no", 401)));
      app.get("/thrown", (c) => { count(c); throw new HTTPException(401); });
      app.get("/moved", (c) => { count(c); throw new HTTPException(302, { res: c.redirect("/returned") }); });
      app.get("/broken", (c) => { count(c); throw new HTTPException(500); });
      app.get("/failed", (c) => { count(c); throw new Error("oops"); });
      const visit = browser(app, sessions);
      for (const [path, status, expected] of [
        ["/returned", 401, 1], ["/thrown", 401, 2], ["/moved", 302, 3], ["/broken", 500, 3], ["/failed", 500, 3],
      ]) {
        const [response, after] = await visit(path);
        equal([path, response.status, after.get("count")], [path, status, expected]);
      }
    })],

    ["Hono: a sign-out counts, whatever is thrown", () => quietly(async () => {
      const sessions = make();
      const app = application(sessions);
      app.get("/", (c) => c.text(String(count(c))));
      app.get("/out/:kind", (c) => {
        c.get("session").destroy();
        throw c.req.param("kind") === "error" ? new Error("oops") : "no error";
      });
      for (const kind of ["error", "text"]) {
        const visit = browser(app, sessions);
        await visit("/");
        const [response] = await visit(`/out/${kind}`).catch(() => [undefined]);
        if (kind === "error") equal(response.status, 500);
        const [, after] = await visit("/");
        equal(after.get("count"), 1);
      }
    })],

    ["Hono: what a handler throws is answered, whatever becomes of its session", async () => {
      const inner = mapStore();
      let isDown = false;
      const down = (work) => { if (isDown) throw new Error("down"); return work(); };
      const sessions = make({ ...inner, delete: (...all) => down(() => inner.delete(...all)) });
      const app = application(sessions);
      app.get("/", (c) => c.text(String(count(c))));
      app.get("/out/:kind", (c) => {
        c.get("session").destroy();
        throw c.req.param("kind") === "error" ? new Error("oops") : "no error";
      });
      app.onError((error, c) => c.text(`the page for ${error.message}`, 500));
      const visit = browser(app, sessions);
      await visit("/");
      isDown = true;
      const logged = [];
      const { error } = console;
      console.error = (error) => logged.push(error.code);
      try {
        const [response] = await visit("/out/error");
        equal([response.status, await response.text()], [500, "the page for oops"]);
        equal(await visit("/out/text").then(() => undefined, (thrown) => thrown), "no error");
        equal(logged, ["store_failed", "store_failed"]);
      } finally {
        console.error = error;
      }
    }],

    ["Hono: the answer stands if another request ended the session meanwhile", () => quietly(async () => {
      const sessions = make();
      const app = application(sessions);
      app.get("/", (c) => c.text(String(count(c))));
      app.get("/ended", (c) => {
        c.get("session").cookies = () => Promise.reject(Object.assign(new Error("ended"), { code: "ended", status: 409 }));
        return c.text("saved", 200, { "Set-Cookie": "theme=dark" });
      });
      let before;
      app.get("/slow", async (c) => {
        count(c);
        // Another tab signs out meanwhile.
        before.destroy();
        await before.cookies();
        return c.text("saved");
      });
      const response = await app.request("/ended");
      equal([response.status, await response.text(), response.headers.getSetCookie()], [200, "saved", ["theme=dark"]]);
      equal(response.headers.get("Vary"), "Cookie");
      const visit = browser(app, sessions);
      [, before] = await visit("/");
      const [late] = await visit("/slow");
      equal([late.status, late.headers.getSetCookie()], [200, []]);
    })],

    ["Hono: cookies and headers of the page stay", async () => {
      const sessions = make();
      const app = application(sessions);
      app.get("/", (c) => {
        c.header("Set-Cookie", "theme=dark");
        return c.text(String(count(c)), 201, { "X-Page": "1" });
      });
      const response = await app.request("/");
      const [theme, own, ...rest] = response.headers.getSetCookie();
      equal([theme, rest, response.status, response.headers.get("X-Page")], ["theme=dark", [], 201, "1"]);
      ok(own.startsWith("__Host-session="), own);
      equal([response.headers.get("Cache-Control"), response.headers.get("Vary")], ["no-store", "Cookie"]);
    }],
  ];
}
