//! The life of a session, step by step. Each fails by name if it comes to something else than it should.

use core::time::Duration;

use cortex_m_semihosting::hprintln;
use fastsession_core::event::EventKind;
use fastsession_core::session::{Reason, SessionError};
use fastsession_core::store::{StoreKey, Which};

use crate::browser::Browser;
use crate::device::{Buffers, Device, Failure, Session};
use crate::stack;

const USER: &str = "ada";

/// Runs them all.
pub(crate) fn run(device: &mut Device, mut buffers: Buffers) -> Result<(), Failure> {
    let mut browser = Browser::default();
    let steps: [(&str, Step); 9] = [
        ("a visitor for whom nothing is stored gets no cookie", untouched),
        ("a session is created, sealed and stored", create),
        ("it is loaded and changed", change),
        ("of two requests at once, both changes are kept", conflict),
        ("the id is changed; the old cookie is worth nothing", rotate),
        ("its user signs in", sign_in),
        ("the user's sessions are listed, and another one ended", list),
        ("it ends, for good", destroy),
        ("what nobody uses expires", expire),
    ];
    for (about, step) in steps {
        hprintln!("{}", about);
        step(device, &mut buffers, &mut browser)?;
        hprintln!("    stack so far: {} bytes", stack::peak());
    }
    Ok(())
}

type Step = fn(&mut Device, &mut Buffers, &mut Browser) -> Result<(), Failure>;

fn untouched(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let session = device.load(browser, buffers.first)?;
    check(session.reason() == Some(Reason::NoCookie), "a browser without a cookie has a fresh session")?;
    let event = device.save(session, buffers.spare, nothing, browser)?;
    check(event.is_none(), "nothing is stored")?;
    check(browser.cookie_headers().next().is_none(), "no cookie is set")
}

fn create(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let mut session = device.load(browser, buffers.first)?;
    visit(&mut session)?;
    session.insert("unit", "celsius")?;
    let event = device.save(session, buffers.spare, nothing, browser)?;
    check(event == Some(EventKind::Created), "the session is created")?;
    for cookie in browser.cookie_headers() {
        hprintln!("    Cookie: {}", core::str::from_utf8(cookie).unwrap_or_default());
    }
    Ok(())
}

fn change(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let mut session = device.load(browser, buffers.first)?;
    check(session.get::<&str>("unit")? == Some("celsius"), "what was stored is read")?;
    visit(&mut session)?;
    let event = device.save(session, buffers.spare, nothing, browser)?;
    check(event == Some(EventKind::Stored), "the change is stored")?;
    check(visits(device, buffers, browser)? == 2, "the second visit is counted")
}

fn conflict(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let mut first = device.load(browser, buffers.first)?;
    let mut second = device.load(browser, buffers.second)?;
    visit(&mut first)?;
    first.insert("unit", "kelvin")?;
    visit(&mut second)?;
    second.insert("contrast", &7)?;
    device.save(first, buffers.spare, nothing, browser)?;
    let event = device.save(second, buffers.spare, visit, browser)?;
    check(event == Some(EventKind::Stored), "the merged session is stored")?;
    check(visits(device, buffers, browser)? == 4, "both visits are counted")?;
    let session = device.load(browser, buffers.first)?;
    check(session.get("unit")? == Some("kelvin"), "the change of the first request is kept")?;
    check(session.get("contrast")? == Some(7), "the change of the second request is kept")
}

fn rotate(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let mut old = browser.clone();
    let mut session = device.load(browser, buffers.first)?;
    session.rotate()?;
    let event = device.save(session, buffers.spare, nothing, browser)?;
    check(event == Some(EventKind::Rotated), "the id is changed")?;
    check(visits(device, buffers, browser)? == 4, "the values stay")?;
    check(reason(device, buffers, &mut old)? == Some(Reason::Missing), "the old id is unknown")
}

fn sign_in(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let mut session = device.load(browser, buffers.first)?;
    session.sign_in(USER)?;
    session.set_label("panel in the workshop")?;
    let event = device.save(session, buffers.spare, nothing, browser)?;
    check(event == Some(EventKind::Rotated), "signing in changes the id")?;
    let session = device.load(browser, buffers.first)?;
    check(session.owner() == Some(USER), "the session is the user's")?;
    check(session.is_recently_authenticated(Duration::from_mins(5)), "the user has just signed in")
}

fn list(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let mut phone = Browser::default();
    let mut session = device.load(&phone, buffers.first)?;
    session.sign_in(USER)?;
    session.set_label("phone")?;
    device.save(session, buffers.spare, nothing, &mut phone)?;

    let own = device.load(browser, buffers.first)?.key();
    let mut other: Option<StoreKey> = None;
    for owner in device.manager.owner_keys(USER) {
        device.store.list(&owner, device.now, |key, entry| {
            let Some(listing) = device.manager.open_listing(key, entry) else { return };
            let note = if Some(*key) == own { ", this one" } else { "" };
            hprintln!("    {}{}, since {}", listing.label, note, listing.created.as_secs());
            if Some(*key) != own {
                other = Some(*key);
            }
        });
    }
    let other = other.ok_or(Failure::Step("the other session is listed"))?;
    for owner in device.manager.owner_keys(USER) {
        device.store.delete_owned(&owner, Which::Only(other), device.now);
    }
    check(reason(device, buffers, &mut phone)? == Some(Reason::Missing), "the other session is ended")?;
    check(reason(device, buffers, browser)?.is_none(), "this one is not")
}

fn destroy(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let mut old = browser.clone();
    let mut late = device.load(browser, buffers.second)?;
    visit(&mut late)?;
    let mut session = device.load(browser, buffers.first)?;
    session.destroy();
    let event = device.save(session, buffers.spare, nothing, browser)?;
    check(event == Some(EventKind::Destroyed), "the session is ended")?;
    check(browser.cookie_headers().next().is_none(), "the cookie is removed")?;
    let event = device.save(late, buffers.spare, visit, &mut old)?;
    check(event == Some(EventKind::Ended), "a request that was still running does not bring it back")?;
    check(reason(device, buffers, &mut old)? == Some(Reason::Missing), "nothing is left of it")
}

fn expire(device: &mut Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<(), Failure> {
    let mut session = device.load(browser, buffers.first)?;
    visit(&mut session)?;
    device.save(session, buffers.spare, nothing, browser)?;
    device.now = device.now.after(Duration::from_hours(1));
    check(reason(device, buffers, browser)? == Some(Reason::Expired), "an hour unused is too long")?;
    device.now = device.now.after(Duration::from_mins(2));
    check(device.store.purge_expired(device.now) == 1, "the store forgets it")
}

/// Counts a visit: what a conflict makes necessary again.
fn visit(session: &mut Session<'_>) -> Result<(), SessionError> {
    session.update("visits", |visits: Option<u32>| visits.unwrap_or(0).saturating_add(1)).map(|_| ())
}

/// For requests without updates.
#[expect(clippy::unnecessary_wraps, reason = "what a save repeats may fail")]
fn nothing(_: &mut Session<'_>) -> Result<(), SessionError> {
    Ok(())
}

fn visits(device: &Device, buffers: &mut Buffers, browser: &Browser) -> Result<u32, Failure> {
    Ok(device.load(browser, buffers.first)?.get("visits")?.unwrap_or_default())
}

/// Why the browser's session is a fresh one, if it is.
fn reason(device: &Device, buffers: &mut Buffers, browser: &mut Browser) -> Result<Option<Reason>, Failure> {
    Ok(device.load(browser, buffers.first)?.reason())
}

fn check(is_so: bool, what: &'static str) -> Result<(), Failure> {
    if is_so { Ok(()) } else { Err(Failure::Step(what)) }
}
