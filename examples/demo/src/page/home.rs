//! The first page.

use fastsession::Reason;
use maud::{Markup, html};

use super::{button_form, csrf_field, layout};
use crate::site::Setting;

/// What the first page shows.
pub(crate) struct Home<'a> {
    /// Who is signed in.
    pub(crate) user: Option<String>,
    /// Visits so far.
    pub(crate) visits: u64,
    /// The CSRF token for the forms.
    pub(crate) csrf: &'a str,
    /// Why the cookie that came did not lead to a session.
    pub(crate) reason: Option<Reason>,
    /// How the demo runs.
    pub(crate) setting: Setting,
    /// What was wrong about the sign-in.
    pub(crate) refusal: Option<Refusal<'a>>,
}

/// A name that cannot be signed in with.
pub(crate) struct Refusal<'a> {
    /// What was typed.
    pub(crate) name: &'a str,
    /// What is wrong about it.
    pub(crate) error: &'a str,
}

impl Home<'_> {
    /// The page.
    pub(crate) fn markup(&self) -> Markup {
        let content = html! {
            @if let Some(reason) = self.reason {
                p.notice role="status" { (explanation(reason)) " This is a new one." }
            }
            section.card.counter {
                h1 { "Your visits" }
                p { output #visits { (self.visits) } }
                p.hint {
                    "Reload the page and the number goes up"
                    @if self.setting.is_lasting { ", after a restart of the server as well" }
                    "."
                }
            }
            @match &self.user {
                Some(user) => (self.signed_in(user)),
                None => (self.sign_in_form()),
            }
            (self.cookie_note())
        };
        layout("Home", &content)
    }

    fn signed_in(&self, user: &str) -> Markup {
        html! {
            section.card {
                h2 { "Signed in" }
                p { "You are " strong #user { (user) } "." }
                div.actions {
                    a.button href="/devices" { "Your devices" }
                    (button_form("/sign-out", self.csrf, &html! { button.secondary { "Sign out" } }))
                }
            }
        }
    }

    fn sign_in_form(&self) -> Markup {
        let typed = self.refusal.as_ref().map(|refusal| refusal.name);
        let error = self.refusal.as_ref().map(|refusal| refusal.error);
        html! {
            section.card {
                h2 { "Sign in" }
                form method="post" action="/sign-in" {
                    (csrf_field(self.csrf))
                    label for="name" { "Name" }
                    input #name name="user" type="text" value=[typed] required maxlength="64" autocomplete="username"
                        autocapitalize="none" aria-describedby="name-help" aria-invalid=[error.map(|_| "true")];
                    p #name-help.hint {
                        @if let Some(error) = error { strong.error role="alert" { (error) } " " }
                        "Any name will do: this demo shows sessions, not accounts, and asks for no password."
                    }
                    button { "Sign in" }
                }
            }
        }
    }

    fn cookie_note(&self) -> Markup {
        html! {
            section.note {
                @if self.setting.is_secure {
                    p {
                        "The cookie is named " code { "__Host-session" } " and marked " code { "Secure" }
                        ": browsers keep it only if this page came by https."
                    }
                } @else {
                    p {
                        "This site is served by plain http, so its cookie is named " code { "session" }
                        " and is not marked " code { "Secure" } ". Behind https, start it with "
                        code { "FASTSESSION_SECURE=1" } "."
                    }
                }
            }
        }
    }
}

/// Why a visitor who sent a cookie is a newcomer all the same.
fn explanation(reason: Reason) -> &'static str {
    match reason {
        Reason::Missing => "Your session was ended.",
        Reason::Expired => "Your session has expired.",
        Reason::BadCookie => "Your browser sent a session cookie that is not valid here.",
        _ => "Your session cannot be read any more.",
    }
}
