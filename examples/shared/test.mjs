// Uses one session at the Rust server and at the edge function, as a browser would: `node examples/shared/test.mjs`.
// FASTSESSION_DEMO names the server's program, where it is built already.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const run = fileURLToPath(new URL("run.mjs", import.meta.url));
const check = (actual, expected) => {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${one} instead of ${other}`);
};

/** Keeps cookies as a browser does: those of a host are for all its ports. */
class Browser {
  cookies = new Map();

  constructor(agent) {
    this.agent = agent;
  }

  async ask(url, form) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { Accept: "application/json", "User-Agent": this.agent, cookie };
    const body = form && new URLSearchParams(form);
    const response = await fetch(url, { method: form ? "POST" : "GET", headers, body, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (line.includes("Max-Age=0;")) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async json(url, form) {
    const response = await this.ask(url, form);
    check([url, response.status], [url, 200]);
    return await response.json();
  }

  /** Signs in at the server. */
  async signIn(server, user) {
    const { csrf } = await this.json(`${server}/`);
    return await this.json(`${server}/sign-in`, { user, csrf });
  }
}

const program = spawn(process.execPath, [run], { env: { ...process.env, PORT: "0", EDGE_PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
const ended = once(program, "exit");
try {
  const said = await Promise.race([once(program.stdout, "data"), ended.then(() => [""])]);
  const [server, edge] = String(said[0]).match(/http:\/\/[\d.:]+/g) ?? [];
  if (edge === undefined) throw new Error("the example did not start");
  await sharesValues(server, edge);
  await signsOut(server, edge);
  await showsDevices(server, edge);
  console.log("one session works at the Rust server and at the edge function");
} finally {
  program.kill();
  const [code] = await ended;
  check(code, 0);
}

async function sharesValues(server, edge) {
  const one = new Browser("curl/8");
  const atServer = await one.signIn(server, "<Ada>");
  check([atServer.user, atServer.visits], ["<Ada>", 1]);
  const atEdge = await one.json(`${edge}/`);
  check([atEdge.user, atEdge.visits, atEdge.reason], ["<Ada>", 2, null]);
  check((await one.json(`${server}/`)).visits, 3);
  // Who comes to the edge first has a session at the server as well.
  const other = new Browser("curl/8");
  check((await other.json(`${edge}/`)).visits, 1);
  const { user, visits, reason } = await other.json(`${server}/`);
  check([user, visits, reason], [null, 2, null]);
  // No visit is lost, wherever.
  const hosts = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? server : edge));
  await Promise.all(hosts.map((host) => one.ask(`${host}/`).then((response) => check(response.status, 200))));
  check((await one.json(`${edge}/`)).visits, 24);
}

async function signsOut(server, edge) {
  for (const [here, there] of [[server, edge], [edge, server]]) {
    const one = new Browser("curl/8");
    await one.signIn(server, "ada");
    const kept = new Browser("curl/8");
    kept.cookies = new Map(one.cookies);
    // A form of the one host is good at the other: the token belongs to the session.
    const { csrf } = await one.json(`${there}/`);
    check((await one.ask(`${here}/sign-out`, { csrf: "forged" })).status, 403);
    check(await one.json(`${here}/sign-out`, { csrf }), { user: null });
    check(one.cookies.size, 0);
    for (const host of [here, there]) {
      const copy = new Browser("curl/8");
      copy.cookies = new Map(kept.cookies);
      const { user, reason } = await copy.json(`${host}/`);
      check([user, reason], [null, "missing"]);
    }
  }
}

async function showsDevices(server, edge) {
  const laptop = new Browser("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
  const phone = new Browser("Mozilla/5.0 (iPhone) CriOS/140.0");
  for (const device of [laptop, phone]) await device.signIn(server, "grace");
  const listed = await laptop.json(`${edge}/devices`);
  const atServer = await laptop.json(`${server}/devices`);
  check(listed.map(({ label }) => label).sort(), ["Chrome on iPhone", "Firefox on Linux"]);
  check(listed.map(({ handle }) => handle).sort(), atServer.map(({ handle }) => handle).sort());
  // Signing out at the edge takes the device off the server's list.
  const { csrf } = await phone.json(`${edge}/`);
  await phone.json(`${edge}/sign-out`, { csrf });
  check((await laptop.json(`${server}/devices`)).map(({ label, current }) => [label, current]), [["Firefox on Linux", true]]);
  check((await laptop.json(`${edge}/devices`)).length, 1);
}
