/** Gives the module to the core; where it comes from depends on the runtime: see "imports" in package.json. */

import { module } from "#wasm/sessions";
import { sessionsCore } from "./core/phases.js";

sessionsCore.source ??= module;
