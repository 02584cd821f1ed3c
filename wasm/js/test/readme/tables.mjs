// The README's tables: all options and all codes are in them, with the status that an error has.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Compares the tables of the README at `address` with what is declared in the package that is installed in `folder`. */
export async function checkTables(address, folder) {
  const readme = await readFile(address, "utf8");
  const rows = new Map([...readme.matchAll(/^\| `(\w+)` \| (.*?) ?\|/gm)].map(([, name, next]) => [name, next]));
  const declared = async (name, kind) => kind.exec(await readFile(join(folder, `dist/${name}.d.ts`), "utf8"))[0];
  const codes = names(await declared("error", /export type ErrorCode[^]*?";/), /"(\w+)"/g);
  const options = names(await declared("options", /export interface SessionOptions[^]*?^}/m), /^ {4}(\w+)\??:/gm);
  if (!codes.includes("internal") || !options.includes("clock")) throw new Error(`only these were found: ${[codes, options]}`);
  for (const name of [...codes, ...options]) {
    if (!rows.has(name)) throw new Error(`${name} is not in the README's tables`);
  }
  const { SessionError } = await import(pathToFileURL(join(folder, "dist/index.js")));
  for (const code of codes) {
    const { status } = new SessionError(code, "");
    if (!["", String(status)].includes(rows.get(code))) throw new Error(`${code} has the status ${status}`);
  }
}

function names(text, each) {
  return [...text.matchAll(each)].map(([, name]) => name);
}
