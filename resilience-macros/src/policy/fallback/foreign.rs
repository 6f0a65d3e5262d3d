//! The names that other libraries have for the options of `#[fallback]`.

use crate::language::table::{Absent, Foreign};

pub(super) const FOREIGN: &[Foreign] = &[
    Foreign {
        names: &[
            "fallback_method",
            "method",
            "value",
            "fallback_action",
            "action",
            "with",
            "default",
            "otherwise",
            "handler",
            "recover",
        ],
        ours: "answer",
    },
    Foreign {
        names: &[
            "apply_on",
            "exceptions",
            "errors",
            "handle",
            "include",
            "fallback_on",
        ],
        ours: "on",
    },
    Foreign {
        names: &[
            "should_handle",
            "predicate",
            "condition",
            "handle_if",
            "fallback_if",
            "if",
        ],
        ours: "when",
    },
];

pub(super) const ABSENT: &[Absent] = &[
    Absent {
        names: &["skip_on", "exclude", "ignore"],
        instead: "write the errors that are answered, as in `on(ApiError::Busy)`, or a function, as in `when = |error| …`",
    },
    Absent {
        names: &["config"],
        instead: "a fallback has no settings to start from: write its options",
    },
    Absent {
        names: &["error"],
        instead: "a fallback that makes an error of another is a closure, as in `#[fallback(|error| Err(…))]`",
    },
];
