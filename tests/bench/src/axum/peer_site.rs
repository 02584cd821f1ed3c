//! The routes of all works with tower-sessions, in the two versions that are compared.

macro_rules! site {
    ($name:ident, $peer:ident) => {
        pub(crate) mod $name {
            use axum::Router;
            use axum::http::StatusCode;
            use axum::routing::{get, post};
            use $peer::Session;
            use $peer::session::Error;

            use crate::axum::{Work, next};

            pub(crate) fn routes() -> Router {
                Router::new()
                    .route("/begin", post(begin))
                    .route(Work::Untouched.path(), get(|| async { "1" }))
                    .route(Work::Read.path(), get(read))
                    .route(Work::Write.path(), get(write).post(write))
                    .route(Work::Update.path(), get(update))
            }

            async fn begin(session: Session) -> Result<&'static str, StatusCode> {
                session.insert("user", "ada@example.org").await.map_err(failed)?;
                session.insert("visits", 1_u64).await.map_err(failed)?;
                Ok("1")
            }

            async fn read(session: Session) -> Result<&'static str, StatusCode> {
                std::hint::black_box(session.get::<u64>("visits").await.map_err(failed)?);
                Ok("1")
            }

            async fn write(session: Session) -> Result<&'static str, StatusCode> {
                session.insert("visits", next()).await.map_err(failed)?;
                Ok("1")
            }

            async fn update(session: Session) -> Result<&'static str, StatusCode> {
                let visits = session.get::<u64>("visits").await.map_err(failed)?.unwrap_or(0);
                session.insert("visits", visits + 1).await.map_err(failed)?;
                Ok("1")
            }

            fn failed(_: Error) -> StatusCode {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    };
}

site!(current, tower_sessions);
site!(of_stores, tower_sessions_014);
