// What every runtime can run: a list of tests, and assertions that need no library.

/** Runs tests one after the other; gives what failed. */
export async function run(tests) {
  const failures = [];
  for (const [name, test] of tests) {
    try {
      await test();
    } catch (error) {
      failures.push(`${name}: ${error?.stack ?? error}`);
    }
  }
  return { count: tests.length, failures };
}

export function ok(value, what = "value") {
  if (!value) throw new Error(`${what} does not hold`);
}

export function equal(actual, expected, what = "value") {
  const [one, other] = [show(actual), show(expected)];
  if (one !== other) throw new Error(`${what}: ${one} instead of ${other}`);
}

/** That `work` throws or rejects with this code. */
export async function fails(work, code) {
  let outcome;
  try {
    outcome = await work();
  } catch (error) {
    if (error?.code !== code) throw new Error(`code ${error?.code} instead of ${code}: ${error?.stack ?? error}`);
    return error;
  }
  throw new Error(`no error, but ${show(outcome)}, instead of ${code}`);
}

/** As JSON; what JSON has not, and what it would show as something else, in a marked object. */
function show(value) {
  const marked = (kind, inner) => ({ [`(${kind})`]: String(inner) });
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner === "bigint" || inner === undefined) return marked(typeof inner, inner);
    if (Object.is(inner, -0)) return marked("number", "-0");
    if (typeof inner === "number" && !Number.isFinite(inner)) return marked("number", inner);
    if (inner instanceof Uint8Array) return marked("bytes", inner);
    if (inner instanceof Map || inner instanceof Set) return { [`(${inner.constructor.name})`]: [...inner] };
    return inner;
  });
}
