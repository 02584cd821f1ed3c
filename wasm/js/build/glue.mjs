// wasm-bindgen's glue expects to see one instance only. After a trap there is another one, which must not be given
// views of the memory of the first, or objects to free that lived in it.

const REGISTRY =
  /const (\w+Finalization) = \(typeof FinalizationRegistry === 'undefined'\)\s*\? (\{[^\n]*\})\s*: new FinalizationRegistry\(ptr => wasm\.(\w+)\(ptr, 1\)\);/g;

/** The glue, for several instances one after the other. */
export function forSeveralInstances(glue) {
  const resets = [];
  for (const view of ["cachedUint8ArrayMemory0", "cachedDataViewMemory0"]) {
    if (glue.includes(`let ${view} = null;`)) resets.push(`${view} = null;`);
  }
  const changed = glue.replaceAll(REGISTRY, (_, name, none, free) => {
    resets.push(
      `${name} = typeof FinalizationRegistry === "undefined" ? ${none} : new FinalizationRegistry((ptr) => val.${free}(ptr, 1));`,
    );
    return `let ${name};`;
  });
  const start = /export function __wbg_set_wasm\(val\) \{\s*wasm = val;/;
  if (!start.test(changed) || resets.length < 3 || changed.includes("new FinalizationRegistry(ptr =>")) {
    throw new Error("wasm-bindgen's glue has changed: see build/glue.mjs");
  }
  return changed.replace(start, `$& ${resets.join(" ")}`);
}
