//! Stands in for the crate `fastsession` until that has a session manager: the same calls, no encryption.
#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    dead_code,
    unused,
    clippy::pedantic,
    missing_docs
)]

use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::collections::hash_map::{HashMap, RandomState};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

fn random() -> String {
    (0..4).map(|n| format!("{:016x}", RandomState::new().hash_one(n))).collect()
}

pub fn generate_key() -> String {
    random()
}

#[derive(Debug)]
pub struct Error;
impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("session error")
    }
}
impl std::error::Error for Error {}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reason {
    Missing,
}
#[derive(Clone, PartialEq, Debug)]
pub struct StoreKey(String);
impl StoreKey {
    pub fn from_hex(text: &str) -> Option<Self> {
        (text.len() == 64).then(|| Self(text.into()))
    }
}
impl std::fmt::Display for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

pub struct Listing {
    pub handle: StoreKey,
    pub created: u64,
    pub seen: u64,
    pub label: String,
}

#[derive(Clone, Default)]
struct Record {
    data: BTreeMap<String, serde_json::Value>,
    owner: Option<String>,
    label: String,
    csrf: String,
    created: u64,
    seen: u64,
}

#[derive(Clone, Default)]
pub struct SessionManager(Arc<Mutex<HashMap<String, Record>>>);

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl SessionManager {
    pub async fn list(&self, user: &str) -> Result<Vec<Listing>, Error> {
        let all = self.0.lock().unwrap();
        Ok(all
            .iter()
            .filter(|(_, r)| r.owner.as_deref() == Some(user))
            .map(|(k, r)| Listing {
                handle: StoreKey(k.clone()),
                created: r.created,
                seen: r.seen,
                label: r.label.clone(),
            })
            .collect())
    }
    pub async fn end(&self, user: &str, handle: &StoreKey) -> Result<bool, Error> {
        let mut all = self.0.lock().unwrap();
        if all.get(&handle.0).is_some_and(|r| r.owner.as_deref() == Some(user)) {
            all.remove(&handle.0);
            return Ok(true);
        }
        Ok(false)
    }
    pub async fn end_all(&self, user: &str) -> Result<u64, Error> {
        let mut all = self.0.lock().unwrap();
        let before = all.len();
        all.retain(|_, r| r.owner.as_deref() != Some(user));
        Ok((before - all.len()) as u64)
    }
    pub fn layer(self, router: axum::Router) -> axum::Router {
        router.layer(axum::middleware::from_fn_with_state(self, run))
    }
}

#[derive(Default)]
struct Inner {
    id: Option<String>,
    record: Record,
    changed: bool,
    destroyed: bool,
    old: Option<String>,
    reason: Option<Reason>,
}

#[derive(Clone)]
pub struct Session(Arc<Mutex<Inner>>);

async fn run(State(manager): State<SessionManager>, mut request: Request, next: Next) -> Response {
    let mut id = None;
    for h in request.headers().get_all(header::COOKIE) {
        for c in h.as_bytes().split(|b| *b == b';') {
            if let Some(v) = c.trim_ascii().strip_prefix(b"session=") {
                id = std::str::from_utf8(v).ok().map(str::to_owned);
            }
        }
    }
    let mut inner = Inner::default();
    let had = id.is_some();
    if let Some(record) = id.as_ref().and_then(|id| manager.0.lock().unwrap().get(id).cloned()) {
        inner.record = record;
        inner.id = id;
    } else {
        inner.record.created = now();
        inner.record.csrf = random();
        inner.reason = had.then_some(Reason::Missing);
    }
    let session = Session(Arc::new(Mutex::new(inner)));
    request.extensions_mut().insert(session.clone());
    let mut response = next.run(request).await;
    let mut inner = session.0.lock().unwrap();
    let mut all = manager.0.lock().unwrap();
    if let Some(old) = inner.old.take() {
        all.remove(&old);
    }
    if inner.destroyed {
        if let Some(id) = &inner.id {
            all.remove(id);
        }
        response
            .headers_mut()
            .append(header::SET_COOKIE, HeaderValue::from_static("session=; Max-Age=0; Path=/"));
    } else if inner.changed {
        inner.record.seen = now();
        if let Some(id) = &inner.id {
            if all.contains_key(id) {
                all.insert(id.clone(), inner.record.clone());
            }
        } else {
            let id = random();
            let text = format!("session={id}; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600");
            response.headers_mut().append(header::SET_COOKIE, text.parse().unwrap());
            all.insert(id, inner.record.clone());
        }
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = StatusCode;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Session>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Session {
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let inner = self.0.lock().unwrap();
        inner.record.data.get(key).map(|v| serde_json::from_value(v.clone()).map_err(|_| Error)).transpose()
    }
    pub fn insert<T: Serialize>(&self, key: &str, v: &T) -> Result<(), Error> {
        let mut inner = self.0.lock().unwrap();
        inner.changed = true;
        inner.record.data.insert(key.into(), serde_json::to_value(v).map_err(|_| Error)?);
        Ok(())
    }
    pub fn update<T: Serialize + DeserializeOwned, R: Serialize>(
        &self,
        key: &str,
        f: impl Fn(Option<T>) -> R,
    ) -> Result<R, Error> {
        let r = f(self.get(key)?);
        self.insert(key, &r)?;
        Ok(r)
    }
    pub fn sign_in(&self, user: &str) -> Result<(), Error> {
        let mut inner = self.0.lock().unwrap();
        inner.old = inner.id.take();
        inner.record.owner = Some(user.into());
        inner.record.csrf = random();
        inner.changed = true;
        Ok(())
    }
    pub fn set_label(&self, label: &str) -> Result<(), Error> {
        self.0.lock().unwrap().record.label = label.into();
        Ok(())
    }
    pub fn owner(&self) -> Option<String> {
        self.0.lock().unwrap().record.owner.clone()
    }
    pub fn destroy(&self) {
        self.0.lock().unwrap().destroyed = true;
    }
    pub fn csrf_token(&self) -> Result<String, Error> {
        let mut inner = self.0.lock().unwrap();
        inner.changed = true;
        Ok(inner.record.csrf.clone())
    }
    pub fn verify_csrf(&self, text: &str) -> bool {
        let inner = self.0.lock().unwrap();
        inner.id.is_some() && inner.record.csrf == text
    }
    pub fn reason(&self) -> Option<Reason> {
        self.0.lock().unwrap().reason
    }
    pub fn key(&self) -> Option<StoreKey> {
        self.0.lock().unwrap().id.clone().map(StoreKey)
    }
}
