//! The page of devices.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use maud::{Markup, html};

use super::{button_form, csrf_field, layout};

/// A session of the user.
pub(crate) struct Device {
    /// What the store calls it.
    pub(crate) handle: String,
    /// What the user calls it, as "Firefox on Linux".
    pub(crate) label: String,
    /// When it began, in seconds since 1970.
    pub(crate) created: u64,
    /// When it was last used, in seconds since 1970.
    pub(crate) seen: u64,
    /// Whether it is the one that asks.
    pub(crate) is_current: bool,
}

/// The page, with `csrf` as the token of its forms.
pub(crate) fn markup(user: &str, csrf: &str, devices: &[Device]) -> Markup {
    let content = html! {
        section.card {
            h1 { "Your devices" }
            p { "Where " strong #user { (user) } " is signed in:" }
            ul.devices {
                @for device in devices { (item(device, csrf)) }
            }
            div.actions {
                (button_form("/sign-out-everywhere", csrf, &html! { button.danger { "Sign out everywhere" } }))
                a.button.secondary href="/" { "Back" }
            }
        }
    };
    layout("Your devices", &content)
}

fn item(device: &Device, csrf: &str) -> Markup {
    html! {
        li {
            div {
                strong { (device.label) }
                @if device.is_current { " " span.badge { "this device" } }
                p.hint { "Signed in " (moment(device.created)) ", last seen " (moment(device.seen)) }
            }
            form method="post" action="/devices/end" {
                (csrf_field(csrf))
                input type="hidden" name="handle" value=(device.handle);
                // Several such buttons are on the page: those who hear it need to know which this is.
                button.secondary aria-label={ "Sign out " (device.label) } { "Sign out" }
            }
        }
    }
}

/// How long ago that was, with the exact time for those who point at it.
fn moment(seconds: u64) -> Markup {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
    let age = SystemTime::now().duration_since(time).unwrap_or_default();
    html! { time title=(httpdate::fmt_http_date(time)) { (ago(age)) } }
}

fn ago(age: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = age.as_secs();
    for (length, unit) in UNITS {
        match seconds.checked_div(length) {
            Some(1) => return format!("1 {unit} ago"),
            Some(count) if count > 1 => return format!("{count} {unit}s ago"),
            _ => {}
        }
    }
    "just now".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_in_the_largest_unit() {
        for (seconds, text) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7_199, "1 hour ago"),
            (7_200, "2 hours ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
    }
}
