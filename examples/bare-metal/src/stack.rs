//! How much stack was used: start-up filled it with a pattern, and what is not that any more has been written to.

use core::mem::size_of;
use core::ptr::addr_of;

use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    /// Where the static variables end and the stack may grow down to (cortex-m-rt's linker script).
    static __sheap: u32;
    /// Where the stack begins.
    static _stack_start: u32;
}

/// The most bytes of stack that were in use since the start.
pub(crate) fn peak() -> usize {
    let (lowest, words) = words();
    let untouched = (0..words).take_while(|word| {
        // SAFETY: the word lies between two aligned addresses of RAM, and nothing else uses it now: the stack has not
        // reached it, or it holds a value that is only compared.
        unsafe { lowest.add(*word).read_volatile() == STACK_PAINT_VALUE }
    });
    size().saturating_sub(untouched.count().saturating_mul(size_of::<u32>()))
}

/// All RAM that the static variables leave to the stack, in bytes.
pub(crate) fn size() -> usize {
    words().1.saturating_mul(size_of::<u32>())
}

fn words() -> (*const u32, usize) {
    let (lowest, highest) = (addr_of!(__sheap), addr_of!(_stack_start));
    let bytes = highest.addr().saturating_sub(lowest.addr());
    (lowest, bytes.checked_div(size_of::<u32>()).unwrap_or_default())
}
