//! `#[every_third]` is a policy for a test: it refuses every third call.
//!
//! It shows that a policy is this folder, its folder in the runtime, a line in the list, an entry
//! point, its re-export in the runtime's `lib.rs`, and a variant of `RefusalKind`. It is built with
//! `--cfg resilience_test_policy` only; `tests/test-policy` says how.

mod check;
mod expand;
mod options;

use super::spec::Policy;
use crate::language::table::{Bare, Table};

pub(crate) static EVERY_THIRD: Policy = Policy {
    table: &TABLE,
    needs: None,
    refusal_filter: None,
    check: check::check,
};

static TABLE: Table = Table {
    name: "every_third",
    config: "EveryThirdConfig",
    options: options::OPTIONS,
    foreign: &[],
    absent: &[],
    bare: Bare::Means("first"),
    object: "config",
};
