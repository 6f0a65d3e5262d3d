//! `#[fallback]`.

mod check;
mod expand;
mod foreign;
mod options;

use super::spec::{Needs, Policy};
use crate::function::used_arguments::NeedWords;
use crate::language::table::{Bare, Table};

pub(crate) static FALLBACK: Policy = Policy {
    table: &TABLE,
    needs: Some(Needs {
        arguments: check::used_arguments,
        are_read: true,
        are_shared: false,
        words: NeedWords {
            user: "the fallback",
            runs_inside: "the fallback needs arguments after the body",
            call_first: "a function with the fallback",
            instead: "annotate",
        },
    }),
    refusal_filter: None,
    check: check::check,
};

static TABLE: Table = Table {
    name: "fallback",
    config: "",
    options: options::OPTIONS,
    foreign: foreign::FOREIGN,
    absent: foreign::ABSENT,
    bare: Bare::Is(options::ANSWER),
    object: options::ANSWER,
};
