//! `#[circuit_breaker]`.

mod foreign;
mod options;

use crate::language::table::{Bare, Table};

pub(super) const TABLE: &Table = &Table {
    name: "circuit_breaker",
    config: "CircuitBreakerConfig",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: foreign::ABSENT,
    bare: Bare::Means("name"),
};
