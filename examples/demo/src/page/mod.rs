//! The pages, as markup. They work without JavaScript.

pub(crate) mod devices;
pub(crate) mod home;

use axum::http::StatusCode;
use maud::{DOCTYPE, Markup, html};

/// A page that says what went wrong.
pub(crate) fn failure(status: StatusCode, message: &str) -> Markup {
    let title = status.canonical_reason().unwrap_or("Failed");
    layout(
        title,
        &html! {
            section.card {
                h1 { (title) }
                p { (message) }
                p { a href="/" { "To the first page" } }
            }
        },
    )
}

/// What all pages share.
fn layout(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – fastsession demo" }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/style.css";
            }
            body {
                header {
                    a.brand href="/" { img src="/icon.svg" alt="" width="28" height="28"; "fastsession demo" }
                }
                main { (content) }
                footer { p { "Sessions on this site are encrypted, in the cookie and in the store." } }
            }
        }
    }
}

/// The hidden field that proves that a form comes from this site.
fn csrf_field(token: &str) -> Markup {
    html! { input type="hidden" name="csrf" value=(token); }
}

/// A form that is only a button.
fn button_form(action: &str, csrf: &str, button: &Markup) -> Markup {
    html! {
        form method="post" action=(action) { (csrf_field(csrf)) (button) }
    }
}
