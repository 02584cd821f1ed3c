//! Whether a client wants a page or JSON.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};

/// What to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// HTML, for people.
    Page,
    /// JSON, for programs.
    Json,
}

impl Format {
    /// What the `Accept` headers prefer (RFC 9110, section 12.5.1): JSON only if it is asked for by name.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get_all(header::ACCEPT);
        let ranges = accept.iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
        let (mut page, mut json) = (0.0, 0.0);
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let weight = match parts.next().map(str::to_ascii_lowercase).as_deref() {
                Some("application/json") => &mut json,
                Some("text/html" | "application/xhtml+xml") => &mut page,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
            *weight = f32::max(*weight, quality.unwrap_or(0.0));
        }
        if json > page { Self::Json } else { Self::Page }
    }
}

impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::wanted(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn json_is_for_those_who_ask_for_it() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, wanted) in [
            (browser, Format::Page),
            ("*/*", Format::Page),
            ("", Format::Page),
            ("application/json;q=0", Format::Page),
            ("application/json;q=0.5, text/html", Format::Page),
            ("text/html, application/json", Format::Page),
            ("application/json", Format::Json),
            ("Application/JSON; charset=utf-8", Format::Json),
            ("text/html;q=0.5, application/json;q=0.9", Format::Json),
            ("application/json, */*;q=0.8", Format::Json),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(Format::wanted(&headers), wanted, "{accept}");
        }
    }
}
