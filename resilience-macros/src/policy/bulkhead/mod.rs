//! `#[bulkhead]`.

mod check;
mod foreign;
mod options;

use super::spec::Policy;
use crate::language::table::{Bare, Table};

pub(crate) static BULKHEAD: Policy = Policy {
    table: &TABLE,
    needs: None,
    refusal_filter: None,
    check: check::check,
};

static TABLE: Table = Table {
    name: "bulkhead",
    config: "BulkheadConfig",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: foreign::ABSENT,
    bare: Bare::Is("max_concurrent"),
    object: "config",
};
