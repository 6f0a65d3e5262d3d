//! The options of `#[hedge]`, one row each. The tables of guide and rustdoc are written from the
//! rows.

use crate::language::table::{Kind, OptionSpec, Role, WordSetter};
use crate::policy::spec::{CRATE, operation};

const PERCENTILES: &[WordSetter] = &[
    percentile("p50", 50),
    percentile("p90", 90),
    percentile("p95", 95),
    percentile("p99", 99),
];

const fn percentile(word: &'static str, value: u8) -> WordSetter {
    WordSetter {
        word,
        setter: "after_percentile",
        value,
    }
}

pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "budget",
        kind: Kind::Value,
        role: Role::Own,
        example: "budget = 0.1",
        default: "required, unless `config` brings one",
        meaning: "limits the hedges of all calls together: `0.1` for a budget of the function alone that allows so many hedges per call, the process-wide budget of a name, or a `&'static RetryBudget`; a retry may share it",
    },
    OptionSpec {
        name: "after",
        kind: Kind::DurationOr(PERCENTILES),
        role: Role::Setting,
        example: "after = 200ms",
        default: "`p95`",
        meaning: "how long an attempt may take before the next one starts beside it; or a percentile of the function's own latency, `p50`, `p90`, `p95` or `p99`: from at least 100 calls of the last minute, refreshed every few seconds, and no attempt starts by the time before there are as many",
    },
    OptionSpec {
        name: "max_hedges",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "max_hedges = 1",
        default: "`1`",
        meaning: "how many attempts may follow the first one",
    },
    OptionSpec {
        name: "accept_on",
        kind: Kind::Pattern,
        role: Role::Filter,
        example: "accept_on(ApiError::NotFound)",
        default: "none",
        meaning: "errors that are an answer: the first one that matches is returned at once, as an `Ok` is",
    },
    OptionSpec {
        name: "clone",
        kind: Kind::Arguments,
        role: Role::Own,
        example: "clone(text, request)",
        default: "none",
        meaning: "the body may consume or change these arguments: each attempt gets a clone; `clone(..)` means every owned argument that is `Clone`, except `self`",
    },
    OptionSpec {
        name: "config",
        kind: Kind::Value,
        role: Role::Own,
        example: "config = HEDGE",
        default: "none",
        meaning: "a `HedgeConfig` to start from",
    },
    operation("operation = \"jira.issue\""),
    CRATE,
];
