//! The options of `#[fallback]`, one row each. The tables of guide and rustdoc are written from the
//! rows.

use crate::language::table::{Kind, OptionSpec, Role};
use crate::policy::spec::{CRATE, operation};

pub(super) const ANSWER: &str = "answer";

pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: ANSWER,
        kind: Kind::Function,
        role: Role::Own,
        example: "answer = cached_answer",
        default: "required",
        meaning: "answers instead of the error; also without its name: `#[fallback(cached_answer)]`. A path is called as `f(&E, self, arguments…)`, owned arguments by reference; a closure takes `\\|error\\|` and may use the arguments. Returns what the function returns, or, for an async function, a future of it",
    },
    OptionSpec {
        name: "on",
        kind: Kind::Pattern,
        role: Role::Filter,
        example: "on(ApiError::Busy | ApiError::Io(_))",
        default: "every error",
        meaning: "answer only errors that match; any other is returned",
    },
    OptionSpec {
        name: "when",
        kind: Kind::Function,
        role: Role::Filter,
        example: "when = |error| error.is_transient()",
        default: "none",
        meaning: "`fn(&E) -> bool`: answer only errors that it accepts; beside `on` both must agree",
    },
    OptionSpec {
        name: "clone",
        kind: Kind::Arguments,
        role: Role::Own,
        example: "clone(text, request)",
        default: "none",
        meaning: "the body may consume these arguments, although the fallback uses them: the body gets a clone of each; `clone(..)` means every owned argument that is `Clone`, `self` included",
    },
    operation("operation = \"jira.issue\""),
    CRATE,
];
