//! Dates for people.

use fastsession_core::time::UnixTime;
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

/// The date as in 2026-01-31T12:00:00Z, or the seconds since 1970 where there is none.
pub(crate) fn date(time: UnixTime) -> String {
    date_if_any(time).unwrap_or_else(|| time.as_secs().to_string())
}

/// The date; a time after the year 9999 has none.
pub(crate) fn date_if_any(time: UnixTime) -> Option<String> {
    let seconds = i64::try_from(time.as_secs()).ok()?;
    UtcDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc3339).ok()
}
