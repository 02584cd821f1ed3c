//! How the cost of a request grows with what it has to do with.

mod plot;

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use fastsession::store::MemoryStore;
use fastsession::{Key, KeyRing, SessionManager};
use harness::{Contender, Table, quantity};
use tokio::runtime::Runtime;

use self::plot::Plot;
use crate::axum::{next, site};
use crate::suite::Settings;

/// A curve: what grows, and what an operation then costs.
struct Curve {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    points: Vec<usize>,
    contender: fn(&Rc<Runtime>, usize) -> Result<Contender>,
}

/// Measures all curves, prints them, and draws each into the folder of plots if there is one.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let runtime = Rc::new(site::runtime()?);
    let many = if settings.is_quick { 10_000 } else { 1_000_000 };
    let curves = [
        Curve {
            name: "session-size",
            title: "a request that reads and writes a session, by its size",
            unit: "bytes in the session",
            points: vec![100, 300, 1_000, 3_000, 10_000, 30_000, 65_000],
            contender: by_size,
        },
        Curve {
            name: "keys",
            title: "a request that reads and writes a session, by its keys",
            unit: "keys in the session",
            points: vec![1, 2, 5, 10, 20, 50, 100],
            contender: by_keys,
        },
        Curve {
            name: "ring",
            title: "a request that reads a session under the oldest key, by the keys in the ring",
            unit: "keys in the ring",
            points: vec![1, 2, 4, 8, 12, 16],
            contender: by_ring,
        },
        Curve {
            name: "sessions",
            title: "a request that reads a session, by the sessions in the memory store",
            unit: "sessions in the store",
            points: [1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|&count| count <= many).collect(),
            contender: by_sessions,
        },
    ];
    for curve in curves {
        measure(settings, &runtime, &curve)?;
    }
    Ok(())
}

fn measure(settings: &Settings, runtime: &Rc<Runtime>, curve: &Curve) -> Result<()> {
    let contenders: Result<Vec<Contender>> =
        curve.points.iter().map(|&point| (curve.contender)(runtime, point)).collect();
    let measured = settings.rounds.measure(&mut contenders?)?;
    let mut table = Table::new(&[curve.unit, "ns", "times the first"]);
    let mut points = Vec::new();
    for (&point, measured) in curve.points.iter().zip(&measured) {
        let median = measured.nanoseconds.median;
        table.row([quantity(point as f64), quantity(median), measured.ratio.to_string()]);
        points.push((point as f64, median));
    }
    let slope = slope(&points);
    println!("{}: {} ns for each more of the {}\n\n{table}", curve.title, quantity(slope), curve.unit);
    if let Some(folder) = &settings.plots {
        let file: PathBuf = folder.join(format!("{}.svg", curve.name));
        let plot = Plot { title: curve.title, unit: curve.unit, points: &points };
        std::fs::write(&file, plot.to_string()).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// Of the straight line that is nearest to the points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let products: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    products / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

fn keys(count: u8) -> Result<KeyRing> {
    // The oldest is the same in every ring; these are no secrets.
    let keys: Result<Vec<Key>, _> = (1..=count)
        .rev()
        .map(|number| {
            Key::from_bytes(&std::array::from_fn::<u8, 32, _>(|at| {
                u8::try_from(at).unwrap_or_default() ^ number
            }))
        })
        .collect();
    Ok(KeyRing::from_keys(keys?)?)
}

fn manager(ring: u8, store: MemoryStore) -> Result<SessionManager> {
    Ok(SessionManager::builder(keys(ring)?, store).limit(128 * 1024).build()?)
}

/// A new session with these values; returns its `Cookie` header.
fn begin(runtime: &Runtime, manager: &SessionManager, values: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    runtime.block_on(async {
        let session = manager.load([]).await?;
        session.insert("visits", &1_u64)?;
        for (key, value) in values {
            session.insert(key, &String::from_utf8_lossy(value))?;
        }
        let cookies = session.commit().await?;
        let cookie = cookies.first().and_then(|cookie| cookie.split(';').next());
        Ok(cookie.context("there is no cookie")?.as_bytes().to_vec())
    })
}

/// Reads the session of each cookie in turn, and writes it if `writes`.
fn requests(
    runtime: &Rc<Runtime>,
    manager: SessionManager,
    cookies: Vec<Vec<u8>>,
    writes: bool,
) -> Contender {
    let runtime = Rc::clone(runtime);
    let mut turn = 0;
    Contender::new("", move |count| {
        runtime.block_on(async {
            for _ in 0..count {
                turn = (turn + 1) % cookies.len();
                let Ok(session) = manager.load([cookies[turn].as_slice()]).await else {
                    panic!("it was stored")
                };
                assert!(session.reason() == Ok(None), "it was stored");
                std::hint::black_box(session.get::<u64>("visits")).ok();
                if writes {
                    session.insert("visits", &next()).ok();
                    session.commit().await.ok();
                }
            }
        });
    })
}

fn by_size(runtime: &Rc<Runtime>, bytes: usize) -> Result<Contender> {
    let manager = manager(1, MemoryStore::new())?;
    let cookie = begin(runtime, &manager, &[("data".to_owned(), vec![b'x'; bytes])])?;
    Ok(requests(runtime, manager, vec![cookie], true))
}

fn by_keys(runtime: &Rc<Runtime>, count: usize) -> Result<Contender> {
    let manager = manager(1, MemoryStore::new())?;
    // One of them is the number of visits.
    let values: Vec<_> = (1..count).map(|number| (format!("key {number}"), vec![b'x'; 16])).collect();
    let cookie = begin(runtime, &manager, &values)?;
    Ok(requests(runtime, manager, vec![cookie], true))
}

fn by_ring(runtime: &Rc<Runtime>, count: usize) -> Result<Contender> {
    let store = MemoryStore::new();
    let cookie = begin(runtime, &manager(1, store.clone())?, &[])?;
    Ok(requests(runtime, manager(count.try_into()?, store)?, vec![cookie], false))
}

fn by_sessions(runtime: &Rc<Runtime>, count: usize) -> Result<Contender> {
    const VISITORS: usize = 512;
    let manager = manager(1, MemoryStore::new())?;
    let mut cookies = Vec::new();
    for number in 0..count {
        let cookie = begin(runtime, &manager, &[])?;
        // Spread over the whole, so that they do not lie side by side.
        if number % (count / VISITORS).max(1) == 0 {
            cookies.push(cookie);
        }
    }
    Ok(requests(runtime, manager, cookies, false))
}
