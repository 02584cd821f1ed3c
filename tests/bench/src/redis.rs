//! Requests with sessions on a real Redis server, several of them in flight.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::http::HeaderValue;
use fastsession::{KeyRing, SessionManager};
use harness::{Contender, Rounds, Table, quantity};
use tokio::runtime::{Builder, Runtime};
use tower_service::Service as _;
use tower_sessions_014::SessionManagerLayer;
use tower_sessions_redis_store::RedisStore;
use tower_sessions_redis_store::fred::prelude::{ClientLike as _, Config, Pool};

use crate::axum::{Work, ours, peer_site, site};
use crate::suite::Settings;

const WORKS: [Work; 3] = [Work::Read, Work::Write, Work::Update];
const IN_FLIGHT: [usize; 3] = [1, 16, 256];
const OURS: &str = "fastsession";
const PEER: &str = "tower-sessions-redis-store";

/// Prints the tables.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let server = Server::start()?;
    let runtime = Rc::new(Builder::new_multi_thread().enable_all().build()?);
    let sites = [(OURS, ours(&runtime, &server)?), (PEER, peer(&runtime, &server)?)];
    println!("{}", round_trips(&runtime, &server, &sites)?);
    let rounds = if settings.is_quick {
        Rounds { rounds: 5, turn: Duration::from_millis(5) }
    } else {
        Rounds { rounds: 101, turn: Duration::from_millis(20) }
    };
    let mut table = Table::new(&["Redis", "in flight", "requests a second", "times this project's time"]);
    for work in WORKS {
        for in_flight in IN_FLIGHT {
            let contenders: Result<Vec<Contender>> =
                sites.iter().map(|(name, site)| contender(name, &runtime, site, work, in_flight)).collect();
            for measured in rounds.measure(&mut contenders?)? {
                let rate = 1e9 / measured.nanoseconds.median * in_flight as f64;
                table.row([
                    format!("{}: {}", work.name(), measured.name),
                    in_flight.to_string(),
                    quantity(rate.round()),
                    measured.ratio.to_string(),
                ]);
            }
        }
    }
    println!("{table}");
    Ok(())
}

fn ours(runtime: &Runtime, server: &Server) -> Result<Router> {
    let keys = KeyRing::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")?;
    let store = runtime.block_on(fastsession::store::open(&format!("redis://127.0.0.1:{}", server.port)))?;
    Ok(ours::site(SessionManager::builder(keys, store).build()?))
}

/// As its documentation has it: a pool of six connections.
fn peer(runtime: &Runtime, server: &Server) -> Result<Router> {
    let config = Config::from_url(&format!("redis://127.0.0.1:{}", server.port))?;
    let pool = runtime.block_on(async {
        let pool = Pool::new(config, None, None, None, 6)?;
        pool.init().await?;
        anyhow::Ok(pool)
    })?;
    Ok(peer_site::of_stores::routes().layer(SessionManagerLayer::new(RedisStore::new(pool))))
}

/// An operation is a request of each of `in_flight` visitors at once.
fn contender(
    name: &str,
    runtime: &Rc<Runtime>,
    site: &Router,
    work: Work,
    in_flight: usize,
) -> Result<Contender> {
    let cookies: Result<Vec<HeaderValue>> =
        (0..in_flight).map(|_| site::begin(runtime, &mut site.clone())).collect();
    let (runtime, site, cookies) = (Rc::clone(runtime), site.clone(), cookies?);
    Ok(Contender::new(name, move |count| {
        runtime.block_on(async {
            let visitors = cookies.iter().map(|cookie| {
                let (mut site, cookie) = (site.clone(), cookie.clone());
                tokio::spawn(async move {
                    for _ in 0..count {
                        let answer = site.call(site::request(&work.method(), work.path(), &cookie)).await;
                        assert!(answer.is_ok_and(|answer| answer.status().is_success()), "a request failed");
                    }
                })
            });
            for visitor in visitors.collect::<Vec<_>>() {
                visitor.await.expect("a failed request is no measurement");
            }
        });
    }))
}

/// How many commands a request sends, as the server sees it; what a script does inside the server is not one.
fn round_trips(runtime: &Rc<Runtime>, server: &Server, sites: &[(&str, Router)]) -> Result<Table> {
    const REQUESTS: u64 = 20;
    let mut table = Table::new(&["commands of a request", OURS, PEER]);
    for work in [Work::Untouched, Work::Read, Work::Write, Work::Update] {
        let mut cells = vec![work.name().to_owned()];
        for (name, site) in sites {
            let mut visitor = contender(name, runtime, site, work, 1)?;
            // The first request may load a script.
            visitor.time(1)?;
            let commands = server.commands_of(|| visitor.time(REQUESTS).map(|_| ()))?;
            cells.push(quantity(commands as f64 / REQUESTS as f64));
        }
        table.row(cells);
    }
    Ok(table)
}

/// A Redis server of our own, which ends with this value.
struct Server {
    process: RefCell<Child>,
    port: u16,
}

impl Server {
    fn start() -> Result<Self> {
        // Asked for and given back: the server takes no socket from us.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .context("no redis-server: `cargo xtask setup`")?;
        let server = Self { process: RefCell::new(process), port };
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if start.elapsed() > Duration::from_secs(10) {
                bail!("redis-server does not answer");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// How many commands came from clients while `run` ran.
    fn commands_of(&self, run: impl FnOnce() -> Result<()>) -> Result<usize> {
        let mut monitor = Command::new("redis-cli")
            .args(["-p", &self.port.to_string(), "monitor"])
            .stdout(Stdio::piped())
            .spawn()
            .context("no redis-cli: `cargo xtask setup`")?;
        let output = BufReader::new(monitor.stdout.take().context("no output")?);
        let mut lines = output.lines();
        // It says OK once it sees everything.
        let greeting = lines.next().context("the monitor says nothing")??;
        anyhow::ensure!(greeting == "OK", "the monitor says {greeting:?}");
        run()?;
        let end = Command::new("redis-cli")
            .args(["-p", &self.port.to_string(), "echo", "end-of-requests"])
            .stdout(Stdio::null())
            .status()?;
        anyhow::ensure!(end.success(), "redis-cli fails");
        let mut commands = 0;
        for line in lines {
            let line = line?;
            if line.contains("end-of-requests") {
                break;
            }
            // redis-cli asks for what it knows of commands when it starts.
            commands += usize::from(!line.contains(" lua]") && !line.contains("\"COMMAND\""));
        }
        monitor.kill()?;
        monitor.wait()?;
        Ok(commands)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut process = self.process.borrow_mut();
        // Nothing of it is worth keeping.
        let _ = process.kill();
        let _ = process.wait();
    }
}
