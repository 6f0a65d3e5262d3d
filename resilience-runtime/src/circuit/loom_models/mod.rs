//! Loom runs every interleaving of a few threads over one circuit.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p resilience-runtime --release --lib loom`

mod circuit;
mod commands;
mod in_a_row;
mod rates;
mod reconfiguration;
mod states;
mod telling;
mod windows_of_calls;
