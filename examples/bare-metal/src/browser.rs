//! As much of a browser as the steps need: it keeps one cookie.

use heapless::Vec;

/// The most bytes of a `Set-Cookie` header for the id.
const MAX_HEADER: usize = 512;

/// Keeps the session cookie.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    /// What the browser sends as `Cookie`: name and value, or nothing.
    cookie: Vec<u8, MAX_HEADER>,
}

impl Browser {
    /// The `Cookie` headers of its next request.
    pub(crate) fn cookie_headers(&self) -> impl Iterator<Item = &[u8]> {
        Some(self.cookie.as_slice()).filter(|cookie| !cookie.is_empty()).into_iter()
    }

    /// Takes a response's `Set-Cookie` header.
    pub(crate) fn receive(&mut self, mut set_cookie: Vec<u8, MAX_HEADER>) {
        let is_removal = set_cookie.windows(9).any(|attribute| attribute == b"Max-Age=0");
        let end = set_cookie.iter().position(|byte| *byte == b';').unwrap_or(set_cookie.len());
        set_cookie.truncate(if is_removal { 0 } else { end });
        self.cookie = set_cookie;
    }
}
