//! The options of `#[timeout]`, one row each. The tables of guide and rustdoc are written from the
//! rows.

use crate::language::table::{Kind, OptionSpec, Role, Zero};
use crate::policy::spec::{CRATE, operation};

pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "limit",
        kind: Kind::Duration(Zero::Refused {
            instead: "write it as in `5s`; `Duration::MAX` means no limit",
        }),
        role: Role::Own,
        example: "limit = 5s",
        default: "required",
        meaning: "how long the call may take; also without its name: `#[timeout(5s)]`",
    },
    operation("operation = \"db_query\""),
    OptionSpec {
        name: "message",
        kind: Kind::Text { hint: "" },
        role: Role::Setting,
        example: "message = \"the database took too long\"",
        default: "none",
        meaning: "replaces the text of the error",
    },
    OptionSpec {
        name: "error",
        kind: Kind::Error,
        role: Role::Own,
        example: "error = ApiError::Timeout",
        default: "`From`",
        meaning: "makes the error: a function or closure of `TimedOut`, a variant, or a value",
    },
    OptionSpec {
        name: "mode",
        kind: Kind::Mode(&["thread", "cooperative"]),
        role: Role::Own,
        example: "mode = cooperative",
        default: "`thread`",
        meaning: "sync functions only: `thread` or `cooperative`, see [below](#sync-functions)",
    },
    OptionSpec {
        name: "config",
        kind: Kind::Value,
        role: Role::Own,
        example: "config = TIMEOUT",
        default: "none",
        meaning: "a `TimeoutConfig` to start from; it may bring the limit",
    },
    CRATE,
];
