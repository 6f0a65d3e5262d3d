//! `#[rate_limit]`.

mod check;
mod foreign;
mod options;

use super::spec::Policy;
use crate::language::table::{Bare, Table};

pub(crate) static RATE_LIMIT: Policy = Policy {
    table: &TABLE,
    needs: None,
    refusal_filter: None,
    check: check::check,
};

static TABLE: Table = Table {
    name: "rate_limit",
    config: "RateLimitConfig",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: foreign::ABSENT,
    bare: Bare::Is("limit"),
    object: "config",
};
