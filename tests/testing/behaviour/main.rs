//! The promises of `resilience::testing`.

mod configuration;
mod fault;
mod forced;
mod injections;
mod isolation;
