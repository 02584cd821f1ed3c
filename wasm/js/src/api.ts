/** All that the package exports, whatever the runtime. */

export type { DataOf, KeyOf, Storable, Value } from "./data.js";
export { SessionError, type ErrorCode } from "./error.js";
export type { Context, CookieOptions, Placement, Reason, SessionEvent, SessionOptions, Surroundings } from "./options.js";
export { Session } from "./session.js";
export { createSessions, Sessions, type Handling, type Listing, type RequestLike, type Strictness } from "./sessions.js";
export { holds, tagOf } from "./store.js";
export type { Awaitable, Capabilities, Condition, Filed, Filing, PutOptions, SessionStore, Versioned } from "./store.js";
export { mapStore, type MapStoreOptions } from "./stores/map.js";
export { kvStore, type KvNamespace, type KvStoreOptions } from "./stores/kv.js";
