/** Ready stores. Each is also an entry point of its own, as `fastsession/stores/redis`. */

export * from "./d1.js";
export * from "./deno-kv.js";
export * from "./durable-object.js";
export * from "./kv.js";
export * from "./map.js";
export * from "./redis.js";
export * from "./unstorage.js";
export * from "./upstash.js";

export { holds, tagOf } from "../store.js";
