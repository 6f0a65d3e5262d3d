//! `#[hedge]`.

mod check;
mod expand;
mod foreign;
mod options;

use super::spec::{Needs, Policy};
use crate::function::used_arguments::{NeedWords, UsedArguments};
use crate::language::table::{Bare, Table};

pub(crate) static HEDGE: Policy = Policy {
    table: &TABLE,
    needs: Some(Needs {
        arguments: |_| UsedArguments::All,
        are_read: false,
        are_shared: true,
        words: NeedWords {
            user: "the other attempt",
            runs_inside: "each attempt runs the body again",
            call_first: "a hedged function",
            instead: "hedge",
        },
    }),
    refusal_filter: None,
    check: check::check,
};

static TABLE: Table = Table {
    name: "hedge",
    config: "HedgeConfig",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: foreign::ABSENT,
    bare: Bare::Means("after"),
    object: "config",
};
