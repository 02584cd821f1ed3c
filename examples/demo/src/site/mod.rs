//! The site: its routes, and what every request of it needs.

mod asset;
mod device;
mod devices;
mod failure;
mod form;
mod format;
mod home;
mod sign;
mod visitor;

use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, middleware};
use fastsession::{SessionLayer, SessionManager};

use crate::config::Config;

/// What the handlers share.
#[derive(Clone, FromRef)]
struct Site {
    sessions: SessionManager,
    setting: Setting,
}

/// What the handlers and pages have to know about the way the demo runs.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    /// Whether browsers reach the site by https only; by plain http the cookie can have no `Secure`.
    pub(crate) is_secure: bool,
    /// Whether a cookie that does not open is refused.
    is_strict: bool,
    /// Whether sessions outlive the process.
    pub(crate) is_lasting: bool,
}

impl Setting {
    /// The part of the configuration that matters here.
    pub(crate) fn of(config: &Config) -> Self {
        let is_lasting = !config.store.starts_with("memory:");
        Self { is_secure: config.is_secure, is_strict: config.is_strict, is_lasting }
    }
}

/// Bytes of a form; the largest has a name and a token.
const MAX_FORM: usize = 64 * 1024;

/// The site.
pub(crate) fn router(sessions: SessionManager, setting: Setting) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/sign-in", post(sign::sign_in))
        .route("/sign-out", post(sign::sign_out))
        .route("/sign-out-everywhere", post(sign::sign_out_everywhere))
        .route("/devices", get(devices::show))
        .route("/devices/end", post(devices::end))
        .with_state(Site { sessions: sessions.clone(), setting })
        .layer(SessionLayer::new(sessions))
        .route(asset::STYLE.path, get(|| asset::STYLE.response()))
        .route(asset::ICON.path, get(|| asset::ICON.response()))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn(failure::render))
        .layer(middleware::map_response(protect))
}

/// The headers by which a browser refuses what this site never does: no scripts, no frames around it,
/// nothing from elsewhere.
async fn protect(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // Pages and JSON have the same addresses.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
    response
}
