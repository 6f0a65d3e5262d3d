//! `#[retry]`.

mod attempt;
mod attempts;
mod budget;
mod config;
mod delay_hint;
mod delays;
mod filters;
mod future;
mod jitter;
mod max_elapsed;
mod on_retry;
mod panics;
mod retry_if_ok;
mod values;
