//! Fernet tokens: this project beside the `fernet` crate in both its builds, pyca/cryptography, and what OpenSSL can do.

mod ours;
mod peers;
mod raw;

use anyhow::Result;
use harness::{Counter, Measured, Spread, Table, Worker, quantity};

use crate::suite::{Case, Outcome, Settings, or_dash};

/// Payloads in bytes.
const SIZES: &[usize] = &[32, 128, 512, 3_000, 16_384];

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

/// What the sums of the raw chains are taken from, and the names of the rows.
const RAW_AES: &str = "AES-128-CBC alone (aes)";
const RAW_SHA: &str = "SHA-256 alone (sha2)";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Encrypt,
    Decrypt,
}

impl Direction {
    fn name(self) -> &'static str {
        if self == Self::Encrypt { "encrypt" } else { "decrypt" }
    }
}

/// Each direction with each size.
pub(crate) fn cases(settings: &Settings) -> Vec<Case> {
    let all = [Direction::Encrypt, Direction::Decrypt];
    let all = all.into_iter().flat_map(|direction| SIZES.iter().map(move |size| (direction, *size)));
    all.map(|(direction, size)| {
        let python = settings.python.clone();
        let name = format!("{} {} B", direction.name(), quantity(size as f64));
        Case::new(name, move || {
            let work = format!("{}:{size}", direction.name());
            let rustcrypto = Worker::start_steppable(&peers::rustcrypto()?)?;
            let mut contenders = vec![
                ours::contender(direction, size)?,
                peers::openssl_build(direction, size)?,
                rustcrypto.contender("fernet crate, rustcrypto", &work),
                peers::practical_limit(direction, size)?,
            ];
            if let Some(python) = &python {
                contenders.push(peers::pyca(python)?.contender("pyca/cryptography", &work));
            }
            if direction == Direction::Encrypt {
                contenders.push(raw::aes(size));
                contenders.push(raw::sha256(size));
            }
            Ok(contenders)
        })
    })
    .collect()
}

/// Prints the tables.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let mut table =
        Table::new(&["Fernet", "ns", "times this project's time (quartiles)", "allocations", "instructions"]);
    let mut sums = Table::new(&["encrypt", "this project over AES-128-CBC + SHA-256, one after the other"]);
    let mut counter = Counter::new(settings.counts_instructions);
    for case in cases(settings) {
        let name = case.name.clone();
        let outcomes = case.run(settings, &mut counter)?;
        for Outcome { measured, instructions } in &outcomes {
            table.row([
                format!("{name}: {}", measured.name),
                quantity(measured.nanoseconds.median),
                measured.ratio.to_string(),
                or_dash(measured.allocations),
                or_dash(*instructions),
            ]);
        }
        let find = |name: &str| outcomes.iter().map(|outcome| &outcome.measured).find(|it| it.name == name);
        if let (Some(ours), Some(aes), Some(sha)) = (find(ours::NAME), find(RAW_AES), find(RAW_SHA)) {
            sums.row([name, over_sum(ours, aes, sha).to_string()]);
        }
    }
    println!("{table}\n{sums}");
    Ok(())
}

/// This project's time over the sum of the chains' in the same round.
fn over_sum(ours: &Measured, aes: &Measured, sha: &Measured) -> Spread {
    let sums = aes.times.iter().zip(&sha.times).map(|(aes, sha)| aes + sha);
    Spread::of(ours.times.iter().zip(sums).map(|(ours, sum)| ours / sum))
}
