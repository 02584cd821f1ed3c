//! The WebAssembly build of the core.
