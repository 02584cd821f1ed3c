//! What a session does to a response's headers.

use http::header::{CACHE_CONTROL, Entry, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::Error;

/// Marks a response that depends on the session, and sets the cookies.
pub(super) fn finish<B>(response: &mut Response<B>, cookies: Vec<String>) {
    let headers = response.headers_mut();
    vary_by_cookie(headers);
    if cookies.is_empty() {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private"));
    } else {
        // A cache must never give one user's cookie to another, whatever the application says of the page.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for cookie in cookies {
        // The core writes visible ASCII only.
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// The response to a request whose session could not be committed: what the handler said may not be true. The cookies are
/// those of what was saved before.
pub(super) fn failed<B: Default>(error: &Error, cookies: Vec<String>) -> Response<B> {
    let status = status_of(error);
    tracing::error!(%error, status = status.as_u16(), "the session was not committed");
    let mut response = Response::new(B::default());
    *response.status_mut() = status;
    finish(&mut response, cookies);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The status that tells a client of `error`.
pub(crate) fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Store(_) | Error::Contended | Error::Unsaved | Error::ShutDown => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::Session(_) | Error::Ended | Error::ResponseSent => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn vary_by_cookie(headers: &mut HeaderMap) {
    const COOKIE: HeaderValue = HeaderValue::from_static("Cookie");
    match headers.entry(VARY) {
        Entry::Vacant(entry) => {
            entry.insert(COOKIE);
        }
        Entry::Occupied(mut entry) => {
            let names = entry.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
            let varies = names
                .map(<[u8]>::trim_ascii)
                .any(|name| name == b"*" || name.eq_ignore_ascii_case(b"cookie"));
            if !varies {
                entry.append(COOKIE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(before: &[(&'static str, &'static str)], cookies: &[&str]) -> Vec<(String, String)> {
        let mut response = Response::new(());
        for (name, value) in before {
            response.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        finish(&mut response, cookies.iter().copied().map(str::to_owned).collect());
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_read_is_private_unless_the_application_says_otherwise() {
        assert_eq!(headers(&[], &[]), pairs(&[("vary", "Cookie"), ("cache-control", "private")]));
        assert_eq!(
            headers(&[("cache-control", "max-age=5"), ("vary", "accept, cookie")], &[]),
            pairs(&[("cache-control", "max-age=5"), ("vary", "accept, cookie")])
        );
    }

    #[test]
    fn a_cookie_is_appended_and_never_stored() {
        let before = [("cache-control", "public, max-age=5"), ("set-cookie", "other=1")];
        let after = headers(&before, &["id=2"]);
        assert_eq!(
            after,
            pairs(&[
                ("cache-control", "no-store"),
                ("set-cookie", "other=1"),
                ("set-cookie", "id=2"),
                ("vary", "Cookie")
            ])
        );
    }
}
