//! The accept loop: hyper on every connection, until a signal asks to stop.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Request, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Bytes of a request's head. A larger one is refused with 431 before the site sees it; a cookie header
/// of a megabyte still fits, and is the session layer's to judge.
const MAX_HEAD: usize = 4 * 1024 * 1024;

/// Header lines of a request: some proxies send each cookie on a line of its own.
const MAX_HEADERS: usize = 4096;

/// How long a client may take over a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `site` on `listener` until `stop` is ready and the requests that run then are done.
pub(crate) async fn serve(listener: TcpListener, site: Router, stop: impl Future<Output = ()>) {
    let (connections, requests) = (GracefulShutdown::new(), TaskTracker::new());
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => serve_connection(stream, &site, &connections, &requests),
                Err(error) => wait_out(&error).await,
            },
            () = &mut stop => break,
        }
    }
    drop(listener);
    requests.close();
    let finished = async {
        connections.shutdown().await;
        requests.wait().await;
    };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::warn!("stopped with requests still running");
    }
}

fn serve_connection(
    stream: TcpStream,
    site: &Router,
    connections: &GracefulShutdown,
    requests: &TaskTracker,
) {
    let (site, requests) = (site.clone(), requests.clone());
    let service = service_fn(move |request| answer(&site, &requests, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        // A client may close its half as soon as it has sent the request, and still wants the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // What goes wrong on a connection is the client's affair.
        let _ = connection.await;
    });
}

/// Answers in a task of its own, which outlives the connection: a client that resets it right after
/// posting the sign-out form is signed out all the same. It also contains panics.
fn answer(
    site: &Router,
    requests: &TaskTracker,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    let task = requests.spawn(site.clone().oneshot(request));
    async move { task.await.unwrap_or_else(|_| Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response())) }
}

/// Waits after a failed accept: if the process has run out of descriptors, the next one fails at once, too.
async fn wait_out(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionReset) {
        tracing::error!(%error, "cannot accept a connection");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
