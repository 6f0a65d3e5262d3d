//! The options of `#[bulkhead]`, one row each. The tables of guide and rustdoc are written from the
//! rows.

use crate::language::table::{Kind, OptionSpec, Role, Zero};
use crate::policy::keys::{idle, key, max_keys};
use crate::policy::spec::{CRATE, operation};

pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "max_concurrent",
        kind: Kind::CountTo(1_000_000),
        role: Role::Setting,
        example: "max_concurrent = 25",
        default: "required",
        meaning: "how many calls may run at the same time; also without its name: `#[bulkhead(25)]`",
    },
    OptionSpec {
        name: "max_wait",
        kind: Kind::Duration(Zero::Allowed),
        role: Role::Setting,
        example: "max_wait = 2s",
        default: "`0s`",
        meaning: "how long a call waits for a slot before it is refused; it belongs to the function, and functions that share a bulkhead may differ in it",
    },
    OptionSpec {
        name: "name",
        kind: Kind::Text {
            hint: "; a bulkhead that is chosen at run time is `key = …`, a bulkhead for each key",
        },
        role: Role::Own,
        example: "name = \"db\"",
        default: "module path and function name",
        meaning: "the bulkhead's name; functions with the same name share one bulkhead, sync and async alike",
    },
    key(
        "a bulkhead for each key, all with this name and configuration: any value with `Display`, taken by reference, evaluated once per call; the text is the key",
    ),
    max_keys(
        "with `key` only: the largest number of bulkheads; a new key beyond it takes the place of an idle one, or shares the bulkhead `name{*}`",
    ),
    idle("with `key` only: how long after its last call a bulkhead is kept"),
    OptionSpec {
        name: "error",
        kind: Kind::Error,
        role: Role::Own,
        example: "error = ApiError::Full",
        default: "`From`",
        meaning: "makes the error of a refusal: a function or closure of `BulkheadFull`, a variant, or a value",
    },
    OptionSpec {
        name: "config",
        kind: Kind::Value,
        role: Role::Own,
        example: "config = POOL",
        default: "none",
        meaning: "a `BulkheadConfig` to start from; it may bring the limit",
    },
    operation("operation = \"jira.issue\""),
    CRATE,
];
