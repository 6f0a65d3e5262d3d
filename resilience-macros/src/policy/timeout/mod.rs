//! `#[timeout]`.

mod foreign;
mod options;

use crate::language::table::{Bare, Table};

pub(super) const TABLE: &Table = &Table {
    name: "timeout",
    config: "TimeoutConfig",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: foreign::ABSENT,
    bare: Bare::Is("limit"),
};
