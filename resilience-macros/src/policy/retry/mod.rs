//! `#[retry]`.

mod attempt_span;
mod budget;
mod check;
mod clone;
mod clones;
mod expand;
mod foreign;
mod options;

use super::spec::Policy;
use crate::language::table::{Bare, Table};

pub(crate) static RETRY: Policy = Policy {
    table: &TABLE,
    repeats: true,
    refusal_filter: Some("retry_on"),
    check: check::check,
};

static TABLE: Table = Table {
    name: "retry",
    config: "RetryConfig",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: &[],
    bare: Bare::Means("max_retries"),
    object: "config",
};
