//! What std would bring along on wasm32.
#![cfg(target_arch = "wasm32")]

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

// SAFETY: the module is built without threads and shared memory.
#[global_allocator]
static ALLOCATOR: AssumeSingleThreaded<FreeListAllocator> =
    unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) };

/// Ends the instance; the driver makes a new one and tells of an internal error. The message is dropped, since
/// putting it into words would take a third of the module.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
