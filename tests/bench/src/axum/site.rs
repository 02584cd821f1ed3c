//! What all axum sites have in common.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, header};
use axum::routing::get;
use harness::Contender;
use tokio::runtime::{Builder, Runtime};
use tower_service::Service as _;

use super::{BARE, Work};

/// The site without sessions.
pub(super) fn bare(work: Work) -> Result<Contender> {
    let site = Router::new().route(work.path(), get(|| async { "1" }).post(|| async { "1" }));
    contender(BARE, work, site)
}

/// Measures the requests of `work` to `site`, whose session begins with a request to `/begin`.
pub(crate) fn contender(name: &str, work: Work, mut site: Router) -> Result<Contender> {
    let runtime = runtime()?;
    let mut cookie = HeaderValue::from_static("id=none");
    if name != BARE {
        cookie = begin(&runtime, &mut site)?;
    }
    let method = work.method();
    ensure!(send(&runtime, &mut site, &method, work.path(), &cookie)?.status().is_success(), "{name} fails");
    Ok(Contender::new(name, move |count| {
        runtime.block_on(async {
            for _ in 0..count {
                let response = site.call(request(&method, work.path(), &cookie)).await;
                // The status was looked at above.
                let _ = black_box(response);
            }
        });
    }))
}

/// Begins a session; returns the `Cookie` header of its visitor.
pub(crate) fn begin(runtime: &Runtime, site: &mut Router) -> Result<HeaderValue> {
    let none = HeaderValue::from_static("id=none");
    let response = send(runtime, site, &Method::POST, "/begin", &none)?;
    let set = response.headers().get(header::SET_COOKIE).context("the site sets no cookie")?;
    Ok(HeaderValue::from_str(set.to_str()?.split(';').next().context("the cookie is empty")?)?)
}

/// A runtime of one thread: what is compared is work, not scheduling.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn send(
    runtime: &Runtime,
    site: &mut Router,
    method: &Method,
    path: &'static str,
    cookie: &HeaderValue,
) -> Result<Response<Body>> {
    let response = runtime.block_on(site.call(request(method, path, cookie)))?;
    ensure!(response.status().is_success(), "{path} answers {}", response.status());
    Ok(response)
}

pub(crate) fn request(method: &Method, path: &'static str, cookie: &HeaderValue) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method.clone();
    *request.uri_mut() = axum::http::Uri::from_static(path);
    request.headers_mut().insert(header::COOKIE, cookie.clone());
    request
}

/// Another number each time: some leave out writes that change nothing.
pub(crate) fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1_000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
