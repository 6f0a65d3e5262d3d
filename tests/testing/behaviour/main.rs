//! The promises of `resilience::testing`.

mod fault;
mod forced;
mod injections;
mod isolation;
