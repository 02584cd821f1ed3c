// The npm package as a peer: the requests and answers of peer.py.
import { createInterface } from "node:readline";
import { Fernet } from "../../../wasm/js/dist/fernet.js";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const text = (hex) => Buffer.from(hex, "hex").toString("latin1");
const hex = (answer) => Buffer.from(answer).toString("hex");
const ring = (keys) => new Fernet(keys.split(","));

const operations = {
  encrypt: (keys, at, payload) => ring(keys).encrypt(bytes(payload), { at: Number(at) }),
  decrypt: (keys, token) => ring(keys).decrypt(text(token)),
  decrypt_at: (keys, token, ttl, at) => ring(keys).decrypt(text(token), { ttl: Number(ttl), at: Number(at) }),
  timestamp: (keys, token) => String(ring(keys).extractTimestamp(text(token))),
  rotate: (keys, token) => ring(keys).rotate(text(token)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, ...args] = line.split("\t");
  let answer;
  try {
    answer = `ok\t${hex(operations[operation](...args))}`;
  } catch (error) {
    answer = error.code === "invalid_token" ? "refused" : `raised\t${error.code ?? error.name}`;
  }
  console.log(answer);
}
