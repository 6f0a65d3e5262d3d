//! The options of `#[rate_limit]`, one row each. The tables of guide and rustdoc are written from
//! the rows.

use crate::language::table::{Kind, OptionSpec, Role, Zero};
use crate::policy::keys::{idle, key, max_keys};
use crate::policy::spec::{CRATE, operation};

pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "limit",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "limit = 100",
        default: "required",
        meaning: "how many calls are admitted in the time `per`; also without its name: `#[rate_limit(100, per = 1s)]`",
    },
    OptionSpec {
        name: "per",
        kind: Kind::Duration(Zero::Refused { instead: "" }),
        role: Role::Setting,
        example: "per = 1s",
        default: "required",
        meaning: "the time in which `limit` calls are admitted",
    },
    OptionSpec {
        name: "burst",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "burst = 10",
        default: "`limit`",
        meaning: "how many calls may come at once after a pause; with `1` they are spread evenly",
    },
    OptionSpec {
        name: "max_wait",
        kind: Kind::Duration(Zero::Allowed),
        role: Role::Setting,
        example: "max_wait = 2s",
        default: "`0s`",
        meaning: "how long a call waits for its turn; a call whose turn comes later is refused at once. It belongs to the function, and functions that share a rate limit may differ in it",
    },
    OptionSpec {
        name: "name",
        kind: Kind::Text {
            hint: "; a rate limit that is chosen at run time is `key = …`, a rate limit for each key",
        },
        role: Role::Own,
        example: "name = \"api\"",
        default: "module path and function name",
        meaning: "the rate limit's name; functions with the same name share one rate limit, sync and async alike",
    },
    key(
        "a rate limit for each key, all with this name and configuration: any value with `Display`, taken by reference, evaluated once per call; the text is the key",
    ),
    max_keys(
        "with `key` only: the largest number of rate limits; a new key beyond it takes the place of an idle one that equals a new one, or shares the rate limit `name{*}`",
    ),
    idle("with `key` only: how long after its last call a rate limit is kept"),
    OptionSpec {
        name: "error",
        kind: Kind::Error,
        role: Role::Own,
        example: "error = ApiError::Limited",
        default: "`From`",
        meaning: "makes the error of a refusal: a function or closure of `RateLimited`, a variant, or a value",
    },
    OptionSpec {
        name: "config",
        kind: Kind::Value,
        role: Role::Own,
        example: "config = RATE",
        default: "none",
        meaning: "a `RateLimitConfig` to start from; it may bring limit and time",
    },
    operation("operation = \"jira.issue\""),
    CRATE,
];
