//! `#[retry]`.

mod attempt_future;
mod attempt_span;
mod check;
mod clones;
mod expand;
mod foreign;
mod options;
mod plain_loop;

use super::spec::{Needs, Policy};
use crate::function::used_arguments::{NeedWords, UsedArguments};
use crate::language::table::{Bare, Table};

pub(crate) static RETRY: Policy = Policy {
    table: &TABLE,
    needs: Some(Needs {
        arguments: |_| UsedArguments::All,
        are_read: false,
        are_shared: false,
        words: NeedWords {
            user: "the next attempt",
            runs_inside: "each attempt runs the body again",
            call_first: "a retried function",
            instead: "retry",
        },
    }),
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
