//! Measures contenders in turn, so that what disturbs one disturbs all, and tells ratios rather than times.

pub mod allocations;
mod contender;
mod instructions;
mod rounds;
mod table;
mod worker;

pub use contender::Contender;
pub use instructions::{Counter, announce};
pub use rounds::{Measured, Rounds};
pub use table::{Spread, Table, quantity};
pub use worker::{Worker, serve};
