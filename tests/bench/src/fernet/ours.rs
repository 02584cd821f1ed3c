//! This project.

use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use fastsession::{Fernet, KeyRing};
use harness::Contender;

use super::{Direction, KEY};

pub(super) const NAME: &str = "fastsession";

/// As an application calls it: with the system's clock and rand's generator, into memory of its own.
pub(super) fn contender(direction: Direction, size: usize) -> Result<Contender> {
    let fernet = Fernet::new(KeyRing::parse(KEY)?);
    let payload = vec![b'x'; size];
    let token = fernet.encrypt(&payload, &mut rand::rng()).ok().context("the token does not fit")?;
    ensure!(fernet.decrypt(&token, None)?[..] == payload, "what was encrypted comes back");
    Ok(Contender::new(NAME, move |count| {
        for _ in 0..count {
            // Whether it worked was looked at above.
            match direction {
                Direction::Encrypt => {
                    let _ = black_box(fernet.encrypt(black_box(&payload), &mut rand::rng()));
                }
                Direction::Decrypt => {
                    let _ = black_box(fernet.decrypt(black_box(&token), None));
                }
            }
        }
    }))
}
