//! Files that the pages refer to. They are part of the program, so that it runs from any folder.

use std::future::{Future, ready};

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

/// A file that the site serves.
#[derive(Clone, Copy)]
pub(crate) struct Asset {
    /// Where.
    pub(crate) path: &'static str,
    media_type: &'static str,
    content: &'static str,
}

/// How the pages look.
pub(crate) const STYLE: Asset = Asset {
    path: "/style.css",
    media_type: "text/css; charset=utf-8",
    content: include_str!("../page/style.css"),
};

/// The icon in the browser's tab.
pub(crate) const ICON: Asset =
    Asset { path: "/icon.svg", media_type: "image/svg+xml", content: include_str!("../page/icon.svg") };

impl Asset {
    /// The response that carries the file.
    pub(crate) fn response(self) -> impl Future<Output = impl IntoResponse> {
        ready(([(CONTENT_TYPE, self.media_type), (CACHE_CONTROL, "public, max-age=300")], self.content))
    }
}
