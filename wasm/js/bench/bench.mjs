// The package against iron-session and against Fernet written with WebCrypto, on the same payloads, in turns.
// `node bench/bench.mjs [ROUNDS]`; a figure is the median over the rounds, a ratio the median of the rounds' ratios.
import { readFile } from "node:fs/promises";
import { createSessions, mapStore } from "fastsession";
import { Fernet } from "fastsession/fernet";
import { sealData, unsealData } from "iron-session";
import { WebCryptoFernet } from "./webcrypto.mjs";

const ROUNDS = Number(process.argv[2] ?? 21);
const ROUND_MS = 40;
const WARM_UP = 10;
const PASSWORD = "a password of at least thirty-two characters";

const key = Fernet.generateKey();
const fernet = new Fernet(key);
const webCrypto = await WebCryptoFernet.of(key);

/** A session whose JSON has about so many bytes. */
function payload(bytes) {
  return { user: "ada", visits: 12, text: "x".repeat(Math.max(0, bytes - 37)) };
}

/** Microseconds that `work` takes, over a round. */
async function time(work) {
  const end = performance.now() + ROUND_MS;
  const start = performance.now();
  let count = 0;
  while (performance.now() < end) {
    await work();
    count += 1;
  }
  return ((performance.now() - start) * 1000) / count;
}

function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

/** Runs the contestants in turns; the first one is ours. */
async function compare(contestants) {
  const times = contestants.map(() => []);
  // Until the engine has compiled what it found to be hot.
  for (let round = 0; round < WARM_UP; round++) for (const work of contestants) await time(work);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, work] of contestants.entries()) times[index].push(await time(work));
  }
  return {
    medians: times.map(median),
    ratios: times.map((theirs) => median(theirs.map((time, round) => time / times[0][round]))),
  };
}

function print(name, { medians, ratios }, names) {
  const cells = medians.map((time, index) =>
    index === 0 ? `${time.toFixed(1)} µs` : `${names[index]} ${time.toFixed(1)} µs (${ratios[index].toFixed(1)}x)`);
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}

console.log(`Node.js ${process.version}, ${ROUNDS} rounds of ${ROUND_MS} ms each, in turns\n`);
console.log("| work | fastsession | iron-session | WebCrypto |\n| --- | --- | --- | --- |");
for (const bytes of [60, 500, 3000]) {
  const data = payload(bytes);
  const text = JSON.stringify(data);
  const sealed = { iron: await sealData(data, { password: PASSWORD }), ours: fernet.encrypt(text), web: await webCrypto.encrypt(text) };
  const names = ["", "iron-session", "WebCrypto"];
  print(`seal ${bytes} B`, await compare([
    () => fernet.encrypt(JSON.stringify(data)),
    () => sealData(data, { password: PASSWORD }),
    () => webCrypto.encrypt(JSON.stringify(data)),
  ]), names);
  print(`open ${bytes} B`, await compare([
    () => JSON.parse(fernet.decryptText(sealed.ours)),
    () => unsealData(sealed.iron, { password: PASSWORD }),
    async () => JSON.parse(await webCrypto.decrypt(sealed.web)),
  ]), names);
}
for (const bytes of [60, 500, 3000]) {
  const store = mapStore();
  const sessions = createSessions({ keys: key, store });
  const first = await sessions.load(null);
  for (const [name, value] of Object.entries(payload(bytes))) first.insert(name, value);
  const [cookie] = await first.cookies();
  const ours = cookie.split(";")[0];
  // Its cookie holds no 3,000 bytes, so the request is what its own functions for a request do.
  let theirs = await sealData(payload(bytes), { password: PASSWORD });
  print(`request ${bytes} B: load, one change, commit`, await compare([
    async () => {
      const session = await sessions.load(ours);
      session.update("visits", (visits) => visits + 1);
      await session.cookies();
    },
    async () => {
      const session = await unsealData(theirs, { password: PASSWORD });
      session.visits += 1;
      theirs = await sealData(session, { password: PASSWORD });
    },
  ]), ["", "iron-session"]);
}

const module = await WebAssembly.compile(await readFile(new URL(import.meta.resolve("fastsession/fastsession.wasm"))));
const names = WebAssembly.Module.imports(module).map(({ module, name }) => [module, name]);
const imports = {};
for (const [from, name] of names) (imports[from] ??= {})[name] = () => undefined;
const instantiations = Array.from({ length: ROUNDS }, () => {
  const start = performance.now();
  new WebAssembly.Instance(module, imports);
  return performance.now() - start;
});
console.log(`\nAn instance of the compiled module takes ${median(instantiations).toFixed(2)} ms to make.`);
