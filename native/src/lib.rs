//! Encrypted HTTP sessions for Rust servers.
//!
//! A [`SessionManager`] reads and writes sessions in a [`store`]. In an axum or other tower service a
//! [`SessionLayer`] commits them with the response. axum's handlers take a [`Session`] as an argument, other services get
//! it by [`Session::from_extensions`]; without a framework, [`SessionManager::load`] and [`Session::commit`] do the same from `Cookie` to `Set-Cookie` headers.

pub mod error;
#[cfg(feature = "axum")]
pub mod extract;
pub mod layer;
pub mod manager;
pub mod session;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::Error;
pub use fastsession_core as core;
pub use fastsession_core::cookie::SameSite;
pub use fastsession_core::event::{Event, EventKind};
pub use fastsession_core::session::{Reason, SessionError};
pub use fastsession_core::store::StoreKey;
pub use fastsession_core::time::UnixTime;
pub use fastsession_core::token::{Fernet, Key, KeyRing};
pub use layer::SessionLayer;
pub use manager::{Builder, Listed, Listing, SessionManager};
pub use session::Session;
