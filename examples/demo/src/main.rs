//! A small site with encrypted sessions: sign-in, a visit counter, and a list of your devices.
//!
//! It needs no set-up. These variables change what it does:
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `PORT` | the port on 127.0.0.1; 0 takes a free one | 8080 |
//! | `FASTSESSION_STORE` | `file:FOLDER`, `memory:`, or with the feature `redis` `redis://HOST` | `file:./.fastsession` |
//! | `FASTSESSION_KEY` | the Fernet key that seals the cookies | made at the first start, kept in `./.fastsession-key` |
//! | `FASTSESSION_SECURE` | `1`: the cookie is `__Host-session` with `Secure`, for a site behind https | off |
//! | `FASTSESSION_STRICT` | `1`: a cookie that does not open is refused with 400 | off |

mod config;
mod key;
mod page;
mod serve;
mod sessions;
mod site;
mod stop;

use anyhow::{Context as _, Result};
use config::Config;
use site::Setting;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<()> {
    start_log();
    let config = Config::from_environment()?;
    let setting = Setting::of(&config);
    let (sessions, sweeper) = sessions::open(config.keys, &config.store, config.is_secure).await?;
    let site = site::router(sessions, setting);
    let stop = stop::requested()?;
    let listener = TcpListener::bind(("127.0.0.1", config.port))
        .await
        .with_context(|| format!("cannot listen on port {}: PORT chooses another one", config.port))?;
    println!("listening on http://{}", listener.local_addr()?);
    serve::serve(listener, site, stop).await;
    sweeper.stop().await;
    Ok(())
}

/// Says on standard error what the operator should know, the failures of the store among it.
fn start_log() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // A log that cannot be written, as on a full disk, must not end the requests that fail for the same reason.
        .log_internal_errors(false)
        .init();
}
