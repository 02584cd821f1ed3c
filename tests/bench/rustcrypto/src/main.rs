//! Does `encrypt:BYTES` and `decrypt:BYTES` with the `fernet` crate on RustCrypto.

use std::hint::black_box;

use anyhow::{Context as _, Result};
use fernet::Fernet;
use harness::allocations::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

fn main() -> Result<()> {
    // With an argument, one work is stepped through.
    match std::env::args().nth(1) {
        Some(name) => harness::announce(&mut *work(&name).context("there is no such work")?),
        None => harness::serve(work),
    }
}

fn work(name: &str) -> Option<Box<dyn FnMut(u64)>> {
    let (what, bytes) = name.split_once(':')?;
    let payload = vec![b'x'; bytes.parse().ok()?];
    let fernet = Fernet::new(KEY)?;
    let token = fernet.encrypt(&payload);
    match what {
        "encrypt" => Some(Box::new(move |count| {
            for _ in 0..count {
                black_box(fernet.encrypt(black_box(&payload)));
            }
        })),
        "decrypt" => Some(Box::new(move |count| {
            for _ in 0..count {
                // What it gives is the caller's to check; the result is not looked at.
                let _ = black_box(fernet.decrypt(black_box(&token)));
            }
        })),
        _ => None,
    }
}
