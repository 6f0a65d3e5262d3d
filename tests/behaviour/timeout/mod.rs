//! `#[timeout]`.

mod config;
mod cooperative;
mod error;
mod future;
mod limit;
mod text;
mod thread;
