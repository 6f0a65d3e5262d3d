//! `#[retry]`.

mod foreign;
mod options;

use crate::language::table::{Bare, Table};

pub(super) const TABLE: &Table = &Table {
    name: "retry",
    config: "RetryConfig",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: foreign::ABSENT,
    bare: Bare::Means("max_retries"),
};
