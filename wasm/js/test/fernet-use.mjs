// Fernet by itself, in every runtime.
import { equal, fails, ok } from "./harness.mjs";

const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

/** The tests of `fastsession/fernet`. */
export function fernetTests(Fernet) {
  const refused = async (work, ...parts) => {
    const error = await fails(work, "invalid_argument");
    ok(error instanceof TypeError, "a TypeError");
    for (const part of parts) ok(error.message.includes(part), error.message);
  };
  return [
    ["a time to live that is no number of seconds never means that there is none", async () => {
      const fernet = new Fernet(KEY);
      const old = fernet.encrypt("from 1970", { at: 1000 });
      for (const ttl of [NaN, -5, -Infinity, Infinity, "60", null, 1e12, new Date(0)]) {
        await refused(() => fernet.decryptText(old, { ttl }), "ttl", "seconds");
      }
      equal(fernet.decryptText(old, { ttl: undefined }), "from 1970");
      for (const ttl of [0, -0]) equal(fernet.decryptText(old, { ttl, at: 1000 }), "from 1970");
      equal(fernet.decryptText(old, { ttl: 1.9, at: 1001 }), "from 1970");
      await fails(() => fernet.decrypt(old, { ttl: 1.9, at: 1002 }), "invalid_token");
      await fails(() => fernet.decrypt(old, { ttl: 60 }), "invalid_token");
    }],

    ["a time in milliseconds is refused", async () => {
      const fernet = new Fernet(KEY);
      for (const at of [Date.now(), NaN, -1, Infinity, "1000", null]) {
        await refused(() => fernet.encrypt("x", { at }), "at must be seconds");
        await refused(() => fernet.decrypt(fernet.encrypt("x"), { at }), "at must be seconds");
      }
      equal(fernet.extractTimestamp(fernet.encrypt("x", { at: 1e11 })), 1e11);
      equal(fernet.extractTimestamp(fernet.encrypt("x", { at: 1.9 })), 1);
    }],

    ["a payload is text or bytes", async () => {
      const fernet = new Fernet(KEY);
      for (const payload of [undefined, null, 5, {}, new ArrayBuffer(3), new Uint16Array(2)]) {
        await refused(() => fernet.encrypt(payload), "payload", "Uint8Array");
      }
      await refused(() => new Fernet(KEY, { strict: "yes" }), "strict");
      await fails(() => new Fernet([KEY, 5]), "invalid_key");
    }],

    ["a salt is bytes, and enough of them", async () => {
      const derive = (salt, options) => Fernet.deriveKey("passphrase", salt, { iterations: 1, ...options });
      for (const salt of ["sixteen bytes or more", undefined, 5, new ArrayBuffer(16), new Uint16Array(16), Array(16).fill(1)]) {
        await refused(() => derive(salt), "salt", "Uint8Array");
      }
      await refused(() => derive(new Uint8Array(15)), "15 bytes", "16", "shortSalt");
      const short = derive(new Uint8Array(4), { shortSalt: true });
      ok(short !== derive(new Uint8Array(5), { shortSalt: true }) && short !== derive(new Uint8Array(16)));
      for (const iterations of [0, -1, 1.5, NaN, "100", null, 2 ** 32, 2 ** 32 + 1]) {
        await refused(() => derive(new Uint8Array(16), { iterations }), "iterations", "4294967295");
      }
      await refused(() => Fernet.deriveKey(5, new Uint8Array(16)), "passphrase");
      await fails(() => Fernet.deriveKey("", new Uint8Array(16)), "invalid_key");
      const text = Fernet.deriveKey("é", new Uint8Array(16), { iterations: 100 });
      equal(Fernet.deriveKey(new TextEncoder().encode("é"), new Uint8Array(16), { iterations: 100 }), text);
    }],

    ["objects of the same keys are shared, and others kept apart", async () => {
      const [one, other] = [Fernet.generateKey(), Fernet.generateKey()];
      const token = new Fernet(one).encrypt("hello");
      equal(new Fernet([other, one]).decryptText(token), "hello");
      await fails(() => new Fernet(other).decrypt(token), "invalid_token");
      await fails(() => new Fernet(`${other}\0${one}`), "invalid_key");
      const ahead = new Fernet(one).encrypt("ahead", { at: 2000 });
      equal(new Fernet(one).decryptText(ahead, { at: 1000 }), "ahead");
      await fails(() => new Fernet(one, { strict: true }).decrypt(ahead, { at: 1000 }), "invalid_token");
      const texts = [one];
      const kept = new Fernet(texts);
      texts[0] = other;
      equal(kept.decryptText(token), "hello");
    }],

    ["more keys than are kept ready still work", async () => {
      const first = new Fernet(Fernet.generateKey());
      const token = first.encrypt("hello");
      for (let count = 0; count < 300; count++) new Fernet(Fernet.generateKey());
      equal(first.decryptText(token), "hello");
    }],
  ];
}
