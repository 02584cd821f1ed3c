// The published vectors of Fernet (https://github.com/fernet/spec: generate.json, verify.json and invalid.json), as core/src/token/vectors.rs
// has them for the core.
import { equal, fails, ok } from "./harness.mjs";

const SECRET = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const TOKEN = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
/** 1985-10-26T01:20:00-07:00 */
const MADE_AT = 499_162_800;

/** Description, token and seconds since then; all with a time to live of 60 seconds. */
const INVALID = [
  ["incorrect mac", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==", 1],
  ["too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==", 1],
  ["invalid base64", "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==", 1],
  ["payload size not multiple of block size", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm", 1],
  ["payload padding error", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==", 1],
  ["far-future TS (unacceptable clock skew)", "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==", 1],
  ["expired TTL", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==", 91],
  ["incorrect IV (causes padding error)", "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==", 1],
];

/** The tests. */
export function fernetVectors(Fernet) {
  const fernet = new Fernet(SECRET);
  const encrypt = () => fernet.encrypt("hello", { at: MADE_AT });
  return [
    ["Fernet's vector: generate", () => {
      // The vector's initialization vector, wherever in the driver's provision of random bytes it begins.
      crypto.getRandomValues = (bytes) => bytes.map((_, at) => at % 16);
      try {
        ok(repeat(encrypt, (token) => token === TOKEN));
      } finally {
        delete crypto.getRandomValues;
      }
      ok(repeat(encrypt, (token) => token !== TOKEN));
    }],
    ["Fernet's vector: verify", () => {
      equal(fernet.decryptText(TOKEN, { ttl: 60, at: MADE_AT + 1 }), "hello");
    }],
    ...INVALID.map(([description, token, after]) => [`Fernet's vector: ${description}`, async () => {
      const at = MADE_AT + after;
      await fails(() => fernet.decrypt(token, { ttl: 60, at }), "invalid_token");
      // Without the time to live, the two that are refused for their time alone open.
      if (/TTL|far-future/.test(description)) equal(fernet.decryptText(token, { at }), "");
      else await fails(() => fernet.decrypt(token, { at }), "invalid_token");
    }]),
  ];
}

/** Whether one of many results `isWanted`. */
function repeat(work, isWanted) {
  return Array.from({ length: 100 }, work).some(isWanted);
}
