// The edge function: reads and writes the sessions that the Rust server made, in the same Redis. It runs wherever a default export with
// `fetch` does and Redis can be reached: Deno, Bun, Node.js behind an adapter.
import process from "node:process";
import { createSessions } from "fastsession";
import { redisStore } from "fastsession/stores";
import { createClient } from "redis";

const { REDIS_URL, SESSION_KEY, SERVER = "/" } = process.env;
const client = createClient({ url: REDIS_URL }).on("error", (error) => console.error(error.message));
await client.connect();

// Key, cookie and the store's prefix are the server's; nothing else has to agree.
const sessions = createSessions({ keys: SESSION_KEY, store: redisStore(client), cookie: { name: "session", secure: false } });

export default {
  fetch: sessions.handler(async (request, { session }) => {
    const wantsJson = (request.headers.get("Accept") ?? "").includes("application/json");
    const path = `${request.method} ${new URL(request.url).pathname}`;
    if (path === "GET /") {
      // The counter of the server's first page.
      session.update("visits", (visits = 0) => visits + 1);
      return wantsJson ? Response.json(facts(session)) : page(session);
    }
    if (path === "GET /devices") {
      return Response.json(session.owner === undefined ? [] : await sessions.list(session.owner));
    }
    if (path === "POST /sign-out") {
      const form = await request.formData().catch(() => new FormData());
      if (!session.verifyCsrf(form.get("csrf"))) return new Response("This form is not of your session.\n", { status: 403 });
      session.destroy();
      return wantsJson ? Response.json({ user: null }) : new Response(null, { status: 303, headers: { Location: SERVER } });
    }
    return new Response("There is no such page.\n", { status: 404 });
  }),
};

function facts(session) {
  return { user: session.owner ?? null, visits: session.get("visits"), csrf: session.csrfToken(), reason: session.reason ?? null };
}

function page(session) {
  const { user, visits, csrf } = facts(session);
  const signOut = `<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${csrf}"><button>Sign out</button></form>`;
  const text = `<!doctype html><html lang="en"><meta charset="utf-8"><title>The edge function</title><h1>The edge function</h1>
    <p>You are ${user === null ? "nobody yet: sign in at the server" : `<strong id="user">${escaped(user)}</strong>`}.</p>
    <p>Visits here and at the server: <output id="visits">${visits}</output></p>${user === null ? "" : signOut}<p><a href="${SERVER}">To the server</a></p>`;
  return new Response(text, { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'" } });
}

function escaped(text) {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
