//! actix-session with its cookie store, which keeps the data itself in an encrypted cookie: on actix-web, so measured
//! against actix-web without sessions.

use std::hint::black_box;

use actix_http::Request;
use actix_session::{Session, SessionMiddleware, storage::CookieSessionStore};
use actix_web::body::MessageBody;
use actix_web::cookie::{Cookie, Key};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{Method, header::COOKIE};
use actix_web::rt::{System, SystemRunner};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{ServiceConfig, get, post};
use actix_web::{App, Error};
use anyhow::{Context as _, Result, anyhow, ensure};
use harness::Contender;

use super::{BARE_ACTIX, Work, next};

pub(super) fn bare(work: Work) -> Result<Contender> {
    let system = System::new();
    let app = App::new()
        .route(work.path(), get().to(|| async { "1" }))
        .route(work.path(), post().to(|| async { "1" }));
    let app = system.block_on(init_service(app));
    contender(BARE_ACTIX, system, app, work, &Cookie::new("id", "none"))
}

pub(super) fn cookie(work: Work) -> Result<Contender> {
    let system = System::new();
    let sessions = SessionMiddleware::new(CookieSessionStore::default(), Key::generate());
    let app = system.block_on(init_service(App::new().wrap(sessions).configure(routes)));
    let begun = system.block_on(app.call(TestRequest::post().uri("/begin").to_request()));
    let begun = begun.map_err(|error| anyhow!("{error}"))?;
    let cookie = begun.response().cookies().next().context("the site sets no cookie")?.into_owned();
    contender("actix-session, private cookie store", system, app, work, &cookie)
}

fn contender<B: MessageBody + 'static>(
    name: &str,
    system: SystemRunner,
    app: impl Service<Request, Response = ServiceResponse<B>, Error = Error> + 'static,
    work: Work,
    cookie: &Cookie<'static>,
) -> Result<Contender> {
    let method = if work == Work::Post { Method::POST } else { Method::GET };
    let cookie = cookie.stripped().to_string();
    let request = move || {
        let request = TestRequest::with_uri(work.path()).method(method.clone());
        request.insert_header((COOKIE, cookie.as_str())).to_request()
    };
    let response = system.block_on(app.call(request())).map_err(|error| anyhow!("{error}"))?;
    ensure!(response.status().is_success(), "{name} fails");
    Ok(Contender::new(name, move |count| {
        system.block_on(async {
            for _ in 0..count {
                // The status was looked at above.
                let _ = black_box(app.call(request()).await);
            }
        });
    }))
}

fn routes(site: &mut ServiceConfig) {
    site.route("/begin", post().to(begin))
        .route(Work::Untouched.path(), get().to(|| async { "1" }))
        .route(Work::Read.path(), get().to(read))
        .route(Work::Write.path(), get().to(write))
        .route(Work::Write.path(), post().to(write))
        .route(Work::Update.path(), get().to(update));
}

async fn begin(session: Session) -> Result<&'static str, Error> {
    session.insert("user", "ada@example.org")?;
    session.insert("visits", 1_u64)?;
    Ok("1")
}

async fn read(session: Session) -> Result<&'static str, Error> {
    black_box(session.get::<u64>("visits")?);
    Ok("1")
}

async fn write(session: Session) -> Result<&'static str, Error> {
    session.insert("visits", next())?;
    Ok("1")
}

async fn update(session: Session) -> Result<&'static str, Error> {
    let visits = session.get::<u64>("visits")?.unwrap_or(0);
    session.insert("visits", visits + 1)?;
    Ok("1")
}
