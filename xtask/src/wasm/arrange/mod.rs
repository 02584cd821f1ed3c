//! Modules laid out so that they compress well.

mod compressor;
mod functions;
mod locals;
mod rewrite;

use anyhow::Result;
use compressor::Compressor;

/// The same module with its functions in another order, and with other numbers for their local variables, if it is shorter so once it is
/// compressed.
///
/// Compressed is what a Worker's size is limited by, and what is downloaded. Deflate writes what it has met less than 32 KB before as a
/// copy: functions that look alike belong together, and their variables should have the same numbers. `wasm-opt` puts first what is
/// used most instead. Any of its passes would undo this, so that it comes last.
///
/// `gzip -9c target/npm/sessions_bg.wasm | wc -c` gave 30,028 instead of 31,112 when it came, after half a minute of one core.
///
/// # Errors
/// If it is no module, or one with names.
pub(super) fn arrange(module: &[u8]) -> Result<Vec<u8>> {
    let order = functions::order(&rewrite::bodies(module)?)?;
    let arranged = locals::renumber(&rewrite::rewrite(module, &order)?)?;
    rewrite::validate(&arranged)?;
    let mut compressor = Compressor::best();
    let shorter = compressor.length(&arranged)? < compressor.length(module)?;
    Ok(if shorter { arranged } else { module.to_vec() })
}
