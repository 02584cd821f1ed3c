/** Upstash Redis over HTTP, with the same layout as {@link redisStore}: for edge runtimes, which open no sockets. */

import { systemClock as now } from "../clock.js";
import { SessionError } from "../error.js";
import { type Filed, type SessionStore, toHex } from "../store.js";
import { conditionArguments, DELETE, END, LIST, pack, PUT, unpack } from "./redis-layout.js";

/** Settings of {@link upstashStore}. */
export interface UpstashStoreOptions {
  /** The address of the REST API. */
  url: string;
  /** The token of the REST API. */
  token: string;
  /** What keys begin with: `fastsession:` unless set, as in Rust. */
  prefix?: string;
  /** What to call instead of `fetch`. */
  fetch?: typeof fetch;
}

/** JSON holds no bytes, so they travel as hex and scripts turn them back. */
const FROM_HEX = `
local function bytes(hex) return (hex:gsub('..', function(pair) return string.char(tonumber(pair, 16)) end)) end
ARGV[2] = bytes(ARGV[2])`;
const PUT_HEX = `${FROM_HEX}\nARGV[3] = bytes(ARGV[3])${PUT}`;
const DELETE_HEX = `${FROM_HEX}${DELETE}`;

/** A store in Upstash Redis: consistent with one region, with conditions and owners' lists. */
export function upstashStore(options: UpstashStoreOptions): SessionStore {
  const { url, token, prefix = "fastsession:" } = options;
  if (typeof url !== "string" || !/^https?:\/\//.test(url)) {
    throw new SessionError("invalid_config", "upstashStore needs url, the https address of the REST API: is it set in this environment?");
  }
  if (typeof token !== "string" || token === "") {
    throw new SessionError("invalid_config", "upstashStore needs token, the secret of the REST API: is it set in this environment?");
  }
  const ask = options.fetch ?? fetch;
  const [records, lists] = [`${prefix}record:`, `${prefix}owner:`];

  const send = async (...command: (string | number)[]): Promise<unknown> => {
    const response = await ask(url, {
      method: "POST",
      // Base64, since bytes are no text.
      headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json", "Upstash-Encoding": "base64" },
      body: JSON.stringify(command),
    });
    const answer = parsed(await response.text());
    if (!response.ok || answer === undefined || answer.error !== undefined) {
      const reason = answer === undefined ? "no JSON: does url name the REST API?" : (answer.error ?? "no reason");
      throw new Error(`Upstash answered ${response.status}: ${reason}`);
    }
    return answer.result;
  };
  const run = (script: string, key: string, ...values: (string | number)[]): Promise<unknown> =>
    send("EVAL", script, 1, key, ...values);

  return {
    capabilities: { consistent: true, conditions: true },
    async get(key) {
      const value = (await send("GET", records + key)) as string | null;
      return value === null ? undefined : unpack(fromBase64(value));
    },
    async put(key, record, { expiresAt, condition, filing }) {
      const [name, tag] = conditionArguments(condition);
      const list = [filing?.owner ?? "", filing?.isNew === true ? 1 : 0, lists, key, filing?.until ?? expiresAt, now()];
      const value = toHex(pack(record, filing));
      return (await run(PUT_HEX, records + key, name, toHex(tag), value, expiresAt * 1000, ...list)) === 1;
    },
    async delete(key, { condition }) {
      const [name, tag] = conditionArguments(condition);
      return (await run(DELETE_HEX, records + key, name, toHex(tag), lists, key)) === 1;
    },
    async list(owner) {
      const answer = (await run(LIST, lists + owner, records, owner)) as string[];
      const filed: Filed[] = [];
      for (let at = 0; at + 1 < answer.length; at += 2) {
        filed.push({ key: atob(answer[at]!), entry: fromBase64(answer[at + 1]!) });
      }
      return filed;
    },
    async deleteOwned(owner, { only, except }) {
      const which = only !== undefined ? "only" : except !== undefined ? "except" : "all";
      return Number(await run(END, lists + owner, records, owner, which, only ?? except ?? ""));
    },
  };
}

/** What is in an answer; `undefined` if it is not the API's, as the page of a proxy. */
function parsed(text: string): { result?: unknown; error?: string } | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
