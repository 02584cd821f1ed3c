// The pages of examples/demo. They work without JavaScript in the browser; with `Accept: application/json` they are JSON.
import { html, page } from "./html.js";

const REASONS = { missing: "Your session was ended.", expired: "Your session has expired." };

/** The first page; `refusal` is a name that cannot be signed in with, and why. */
export function home({ session, wantsJson }, refusal) {
  const visits = session.get("visits") ?? 0;
  const csrf = session.csrfToken();
  const reason = session.reason === "no_cookie" ? undefined : session.reason;
  if (wantsJson) return Response.json({ user: session.owner ?? null, visits, csrf, reason: reason ?? null });
  const notice = reason && html`<p class="notice" role="status">${
    REASONS[reason] ?? "Your browser sent a session cookie that is not valid here."} This is a new one.</p>`;
  const content = html`${notice ?? html``}<section class="card counter"><h1>Your visits</h1><p><output id="visits">${visits}</output></p>
    <p class="hint">Reload the page and the number goes up.</p></section>${
    session.owner === undefined ? signInForm(csrf, refusal) : signedIn(session.owner, csrf)}`;
  return page("Home", content, refusal === undefined ? 200 : 422);
}

/** The user's sessions, the one that asks first. */
export function devices({ session, wantsJson }, listings) {
  const isCurrent = ({ handle }) => handle === session.key;
  const sorted = [...listings].sort((one, other) => isCurrent(other) - isCurrent(one));
  if (wantsJson) {
    return Response.json(sorted.map((listing) => {
      const { handle, label, created, lastSeen: seen } = listing;
      return { handle, label, created, seen, current: isCurrent(listing) };
    }));
  }
  const csrf = session.csrfToken();
  const items = sorted.map((listing) => html`<li><div><strong>${listing.label}</strong>${
    isCurrent(listing) ? html` <span class="badge">this device</span>` : html``}
    <p class="hint">Signed in ${moment(listing.created)}, last seen ${moment(listing.lastSeen)}</p></div>
    <form method="post" action="/devices/end">${field("csrf", csrf)}${field("handle", listing.handle)}
    <button class="secondary" aria-label="Sign out ${listing.label}">Sign out</button></form></li>`);
  return page("Your devices", html`<section class="card"><h1>Your devices</h1>
    <p>Where <strong id="user">${session.owner}</strong> is signed in:</p><ul class="devices">${items}</ul>
    <div class="actions"><form method="post" action="/sign-out-everywhere">${field("csrf", csrf)}
    <button class="danger">Sign out everywhere</button></form><a class="button secondary" href="/">Back</a></div></section>`);
}

/** What cannot be done. */
export function failure({ wantsJson }, status, message) {
  if (wantsJson) return Response.json({ error: message }, { status });
  const content = html`<section class="card"><h1>${status}</h1><p>${message}</p><p><a href="/">To the first page</a></p></section>`;
  return page(String(status), content, status);
}

function signedIn(user, csrf) {
  return html`<section class="card"><h2>Signed in</h2><p>You are <strong id="user">${user}</strong>.</p>
    <div class="actions"><a class="button" href="/devices">Your devices</a><form method="post" action="/sign-out">${
    field("csrf", csrf)}<button class="secondary">Sign out</button></form></div></section>`;
}

function signInForm(csrf, refusal) {
  const error = refusal && html`<strong class="error" role="alert">${refusal.error}</strong> `;
  return html`<section class="card"><h2>Sign in</h2><form method="post" action="/sign-in">${field("csrf", csrf)}
    <label for="name">Name</label><input id="name" name="user" type="text" value="${refusal?.name}" required maxlength="64"
    autocomplete="username" autocapitalize="none" aria-describedby="name-help"><p id="name-help" class="hint">${error ?? html``}Any
    name will do: this demo shows sessions, not accounts, and asks for no password.</p><button>Sign in</button></form></section>`;
}

function field(name, value) {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}

function moment(seconds) {
  const age = Math.max(0, Date.now() / 1000 - seconds);
  const [length, unit] = [[86_400, "day"], [3_600, "hour"], [60, "minute"]].find(([length]) => age >= length) ?? [];
  const count = Math.floor(age / length);
  const text = unit === undefined ? "just now" : `${count} ${unit}${count === 1 ? "" : "s"} ago`;
  return html`<time title="${new Date(seconds * 1000).toUTCString()}">${text}</time>`;
}
