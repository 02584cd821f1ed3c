// Visits the demo as a browser would, on each store: `node examples/worker/test.mjs`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const run = fileURLToPath(new URL("run.mjs", import.meta.url));
const check = (actual, expected) => {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${one} instead of ${other}`);
};

class Browser {
  cookies = new Map();

  constructor(address) {
    this.address = address;
  }

  async ask(path, body, headers = { Accept: "application/json" }) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(new URL(path, this.address), {
      method: body === undefined ? "GET" : "POST",
      headers: { ...headers, cookie, "User-Agent": "curl/8", ...(body !== undefined && { "Content-Type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: "manual",
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (line.includes("Max-Age=0;")) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async json(path, body) {
    return await (await this.ask(path, body)).json();
  }
}

for (const store of ["kv", "objects"]) {
  const server = spawn(process.execPath, [run], { env: { ...process.env, PORT: "0", FASTSESSION_STORE: store }, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = await once(server.stdout, "data");
    const address = /http\S+/.exec(String(line))[0];
    const [laptop, phone] = [new Browser(address), new Browser(address)];
    check((await laptop.json("/")).visits, 1);
    const { visits, csrf } = await laptop.json("/");
    check(visits, 2);
    check((await laptop.ask("/sign-in", { user: "ada", csrf: "forged" })).status, 403);
    for (const body of [null, 5, "csrf", { csrf, user: 5 }]) check((await laptop.ask("/sign-in", body)).status, 400);
    // 64 characters are too long as well, if they have more than 255 bytes.
    for (const user of ["", "a".repeat(65), "\u{1F600}".repeat(64), "a\u0000b"]) check((await laptop.ask("/sign-in", { user, csrf })).status, 422);
    const signedIn = await laptop.json("/sign-in", { user: "<ada>", csrf });
    check([signedIn.user, signedIn.visits], ["<ada>", 2]);
    const page = await (await laptop.ask("/", undefined, { Accept: "text/html" })).text();
    check([page.includes("&lt;ada&gt;"), page.includes("<ada>"), page.includes('id="visits">3<')], [true, false, true]);
    const fresh = await phone.json("/");
    await phone.json("/sign-in", { user: "<ada>", csrf: fresh.csrf });
    const listed = await phone.ask("/devices");
    if (store === "kv") {
      check(listed.status, 501);
    } else {
      const devices = await listed.json();
      check(devices.map(({ label, current }) => [label, current]), [["curl", true], ["curl", false]]);
      const { csrf } = await phone.json("/");
      check((await phone.ask("/devices/end", { csrf, handle: "0".repeat(64) })).status, 404);
      check((await phone.json("/devices/end", { csrf, handle: devices[1].handle })).ended, devices[1].handle);
      check((await laptop.json("/")).reason, "missing");
    }
    const last = await phone.json("/");
    check(await phone.json("/sign-out", { csrf: last.csrf }), { user: null });
    check((await phone.json("/")).visits, 1);
    console.log(`the Worker's demo works on ${store}`);
  } finally {
    server.kill();
    await once(server, "exit");
  }
}
