//! A small site with encrypted sessions: sign-in, a visit counter, and a list of your devices.
//!
//! It needs no set-up. These variables change what it does:
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `PORT` | the port on 127.0.0.1; 0 takes a free one | 8080 |
//! | `FASTSESSION_STORE` | `file:FOLDER` or `memory:` | `file:./.fastsession` |
//! | `FASTSESSION_KEY` | the Fernet key that seals the cookies | made at the first start, kept in `./.fastsession-key` |
//! | `FASTSESSION_SECURE` | `1`: the cookie is `__Host-session` with `Secure`, for a site behind https | off |
//! | `FASTSESSION_STRICT` | `1`: a cookie that does not open is refused with 400 | off |

mod config;
mod fastsession;
mod key;
mod page;
mod report;
mod serve;
mod site;
mod stop;

use anyhow::{Context as _, Result};
use config::Config;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<()> {
    let config = Config::from_environment()?;
    let site = site::router(&config)?;
    let stop = stop::requested()?;
    let listener = TcpListener::bind(("127.0.0.1", config.port))
        .await
        .with_context(|| format!("cannot listen on port {}: PORT chooses another one", config.port))?;
    println!("listening on http://{}", listener.local_addr()?);
    serve::serve(listener, site, stop).await;
    Ok(())
}
