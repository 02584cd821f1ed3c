// The demo as a Worker: the same site as examples/demo, on Workers KV or on Durable Objects.
import { createSessions, kvStore } from "fastsession";
import { durableObjectStore } from "fastsession/stores";
import { deviceLabel } from "./device.js";
import { devices, failure, home } from "./pages.js";

export { SessionObject } from "fastsession/stores";

const sessions = createSessions({
  keys: ({ env }) => env.SESSION_KEY,
  store: ({ env }) => (env.STORE === "objects" ? durableObjectStore(env.OBJECTS) : kvStore(env.KV)),
  // By plain http, the cookie can have no Secure.
  cookie: { name: "session", secure: false },
});

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
};

/** What the site does, by method and path. */
const routes = {
  "GET /": (request) => {
    request.session.update("visits", (visits = 0) => visits + 1);
    return home(request);
  },
  "POST /sign-in": async (request) => {
    const user = (request.fields.user ?? "").trim();
    const error = refusal(user);
    if (error !== undefined) return request.wantsJson ? failure(request, 422, error) : home(request, { name: user, error });
    request.session.signIn(user);
    request.session.setLabel(deviceLabel(request.headers.get("User-Agent") ?? ""));
    return request.wantsJson ? home(request) : redirect("/");
  },
  "POST /sign-out": (request) => signOut(request),
  "POST /sign-out-everywhere": async (request) => {
    const { owner } = request.session;
    if (owner !== undefined) await sessions.endAll(owner, request.context);
    return signOut(request);
  },
  "GET /devices": async (request) => {
    const { owner } = request.session;
    if (owner === undefined) return request.wantsJson ? failure(request, 401, "Sign in first.") : redirect("/");
    return devices(request, await sessions.list(owner, request.context));
  },
  "POST /devices/end": async (request) => {
    const { owner, key } = request.session;
    const { handle = "" } = request.fields;
    if (owner === undefined) return failure(request, 401, "Sign in first.");
    if (handle === key) return signOut(request);
    if (!(await sessions.end(owner, handle, request.context))) {
      return failure(request, 404, "That device is not signed in, or no longer.");
    }
    return request.wantsJson ? Response.json({ ended: handle }) : redirect("/devices");
  },
};

const answer = sessions.handler(async (incoming, { session, env, waitUntil }) => {
  const { pathname } = new URL(incoming.url);
  const wantsJson = (incoming.headers.get("Accept") ?? "").includes("application/json");
  const request = { session, wantsJson, headers: incoming.headers, fields: {}, context: { env, waitUntil } };
  const route = routes[`${incoming.method} ${pathname}`];
  if (route === undefined) return failure(request, 404, "There is no such page.");
  if (incoming.method === "POST") {
    const given = await fields(incoming);
    if (given === undefined) return failure(request, 400, "The request is neither a form nor a JSON object of texts.");
    request.fields = given;
    if (!session.verifyCsrf(incoming.headers.get("X-CSRF-Token") ?? request.fields.csrf)) {
      return failure(request, 403, "This form does not belong to your session. Go back, reload the page and try again.");
    }
  }
  try {
    return await route(request);
  } catch (error) {
    if (error.code !== "unsupported") throw error;
    return failure(request, 501, "This store keeps no lists of devices: run the demo with FASTSESSION_STORE=objects.");
  }
});

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === "/style.css") return asset(env.STYLE, "text/css; charset=utf-8");
    if (pathname === "/icon.svg") return asset(env.ICON, "image/svg+xml");
    const response = await answer(request, env, context);
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    response.headers.append("Vary", "Accept");
    return response;
  },
};

/** What is wrong with a user's name, if anything. */
function refusal(user) {
  if (user === "") return "Enter a name.";
  if (/\p{Cc}/u.test(user)) return "A name has no control characters.";
  // An owner's name has at most 255 bytes, and 64 characters have up to 256.
  if ([...user].length > 64 || new TextEncoder().encode(user).length > 255) return "A name has at most 64 characters.";
  return undefined;
}

function signOut(request) {
  request.session.destroy();
  return request.wantsJson ? Response.json({ user: null }) : redirect("/");
}

function redirect(path) {
  return new Response(null, { status: 303, headers: { Location: path } });
}

function asset(content, type) {
  return new Response(content, { headers: { "Content-Type": type, "Cache-Control": "public, max-age=300" } });
}

/** What was sent, by name; `undefined` if that is not texts. */
async function fields(request) {
  const type = request.headers.get("Content-Type") ?? "";
  if (type === "") return {};
  const isJson = type.startsWith("application/json");
  const sent = await (isJson ? request.json() : request.formData().then(Object.fromEntries)).catch(() => undefined);
  const areTexts = typeof sent === "object" && sent !== null && Object.values(sent).every((value) => typeof value === "string");
  return areTexts ? sent : undefined;
}
