//! `#[circuit_breaker]`.

mod check;
mod expand;
mod foreign;
mod handle;
mod options;

use super::spec::Policy;
use crate::language::table::{Bare, Table};

pub(crate) static CIRCUIT_BREAKER: Policy = Policy {
    table: &TABLE,
    needs: None,
    refusal_filter: None,
    check: check::check,
};

static TABLE: Table = Table {
    name: "circuit_breaker",
    config: "CircuitBreakerConfig",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: foreign::ABSENT,
    bare: Bare::Means("name"),
    object: "breaker",
};
