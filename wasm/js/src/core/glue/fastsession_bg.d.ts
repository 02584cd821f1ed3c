/** What wasm-bindgen makes of wasm/src. */

export class Manager {
  constructor(settings: Uint8Array);
  open(cookies: string, now: number): Uint8Array;
  resume(pending: Uint8Array, record: Uint8Array, cookies: string, hasEnded: boolean, now: number): Uint8Array;
  apply(state: Uint8Array, changes: Uint8Array, random: Uint8Array): Uint8Array;
  commit(
    state: Uint8Array,
    changes: Uint8Array,
    flags: number,
    now: number,
    random: Uint8Array,
    met: Uint8Array,
  ): Uint8Array;
  reload(state: Uint8Array): Uint8Array;
  verify_csrf(state: Uint8Array, token: string): boolean;
  removal_cookies(): Uint8Array;
  free(): void;
  owner_keys(owner: string): Uint8Array;
  open_listing(key: string, entry: Uint8Array): Uint8Array;
}

export class Fernet {
  constructor(keys: Uint8Array, strict: boolean);
  encrypt(plaintext: Uint8Array, now: number, random: Uint8Array): string;
  decrypt(token: string, ttl: number, now: number): Uint8Array;
  timestamp(token: string): number;
  rotate(token: string, random: Uint8Array): string;
  free(): void;
}

export function generate_key(random: Uint8Array): string;
export function derive_key(passphrase: Uint8Array, salt: Uint8Array, iterations: number): string;

export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
