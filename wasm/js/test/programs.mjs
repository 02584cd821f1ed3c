// Programs that npm packages bring.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the tests' own packages lie. */
export const modules = fileURLToPath(new URL("../node_modules", import.meta.url));

/** A program of a package: from the package for this machine, since none of their scripts is run. */
function program(scope, name) {
  const { platform, arch } = process;
  const cpu = { x64: ["x64"], arm64: ["arm64", "aarch64"] }[arch] ?? [arch];
  const folders = cpu.flatMap((cpu) => [`${scope}/${platform}-${cpu}-glibc`, `${scope}/${platform}-${cpu}`, `${scope}/${name}-${platform}-${cpu}`]);
  const files = folders.flatMap((folder) => [`${modules}/${folder}/${name}`, `${modules}/${folder}/bin/${name}`]);
  return files.find((file) => existsSync(file)) ?? name;
}

export const deno = program("@deno", "deno");
export const bun = program("@oven", "bun");
export const chromium = process.env.FASTSESSION_TEST_CHROMIUM ?? "/usr/bin/chromium";
