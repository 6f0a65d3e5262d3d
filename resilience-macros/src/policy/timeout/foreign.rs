//! The names that other libraries, and the Python decorators, have for the options of `#[timeout]`.

use crate::language::table::{Absent, Foreign};

pub(super) const FOREIGN: &[Foreign] = &[
    Foreign {
        names: &[
            "timeout",
            "duration",
            "timeout_seconds",
            "timeout_ms",
            "timeout_secs",
            "seconds",
            "secs",
            "millis",
            "ms",
            "after",
            "deadline",
            "time_limit",
            "timeout_duration",
            "max_duration",
            "max_elapsed",
        ],
        ours: "limit",
    },
    Foreign {
        names: &["name", "operation_name", "label"],
        ours: "operation",
    },
    Foreign {
        names: &["error_message", "text", "msg"],
        ours: "message",
    },
    Foreign {
        names: &[
            "exception_class",
            "exception",
            "map_err",
            "err",
            "on_timeout",
        ],
        ours: "error",
    },
    Foreign {
        names: &["strategy", "kind", "timeout_strategy"],
        ours: "mode",
    },
];

pub(super) const ABSENT: &[Absent] = &[];
