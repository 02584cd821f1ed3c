/** What wasm-bindgen makes of wasm/src with the feature `fernet`. */

export function reserve(length: number): number;
export function fernet(phase: number, number: number, now: number, length: number): number;
export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
