//! Encrypted sessions on a Cortex-M3: no operating system, no heap, 256 KiB of flash and 64 KiB of RAM.
//!
//! `cargo run --release` in this folder runs it in QEMU. It does what a device with a small web interface does, on
//! buffers that are allocated at link time, prints each step, and exits with a status.
#![no_std]
#![no_main]

mod browser;
mod device;
mod fernet;
mod random;
mod stack;
mod steps;

use cortex_m_rt::{ExceptionFrame, entry, exception};
use cortex_m_semihosting::{debug, hprintln};
use fastsession_core::manager::MAX_LISTING_LENGTH;
use fastsession_core::memory::MemoryStore;
use heapless::Vec;
use panic_semihosting as _;
use static_cell::{ConstStaticCell, StaticCell};

use crate::device::{Buffers, Device, Failure};

/// How many sessions the device keeps.
const SESSIONS: usize = 8;
/// The most bytes of a sealed session.
const LIMIT: usize = 512;
/// The most bytes of a session while a request changes it: its buffer also holds the names of what was changed, and
/// for a moment both the old value and the new one.
const WORKING: usize = LIMIT + 256;

/// A device that keeps its sessions over a restart has a store of its own: bytes under a key, and a condition.
type Store = MemoryStore<SESSIONS, { LIMIT + MAX_LISTING_LENGTH }>;
type Buffer = ConstStaticCell<Vec<u8, WORKING>>;

static STORE: Store = Store::new();
static DEVICE: StaticCell<Device> = StaticCell::new();
// One for each of two requests at once, and one to merge them in.
static FIRST: Buffer = Buffer::new(Vec::new());
static SECOND: Buffer = Buffer::new(Vec::new());
static SPARE: Buffer = Buffer::new(Vec::new());

#[entry]
fn main() -> ! {
    let status = match run() {
        Ok(()) => {
            hprintln!("all steps passed");
            debug::EXIT_SUCCESS
        }
        Err(failure) => {
            hprintln!("FAILED: {}", failure);
            debug::EXIT_FAILURE
        }
    };
    hprintln!("peak stack: {} of {} bytes", stack::peak(), stack::size());
    loop {
        debug::exit(status);
    }
}

fn run() -> Result<(), Failure> {
    fernet::check()?;
    let device = start()?;
    hprintln!("the device has started\n    stack so far: {} bytes", stack::peak());
    steps::run(device, Buffers { first: FIRST.take(), second: SECOND.take(), spare: SPARE.take() })
}

/// Makes what all requests share. A function of its own, so that the stack it needs is free again afterwards.
#[inline(never)]
fn start() -> Result<&'static mut Device, Failure> {
    Ok(DEVICE.uninit().write(Device::new(&STORE)?))
}

/// A fault, as of a stack that overflowed, ends the program instead of stopping it silently.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    hprintln!("FAILED: {:?}", frame);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
