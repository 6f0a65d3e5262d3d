//! The names that other libraries have for the options of `#[hedge]`.

use crate::language::table::{Absent, Foreign};

pub(super) const FOREIGN: &[Foreign] = &[
    Foreign {
        names: &[
            "delay",
            "hedging_delay",
            "hedge_after",
            "hedge_delay",
            "wait",
            "percentile",
            "quantile",
        ],
        ours: "after",
    },
    Foreign {
        names: &[
            "max_hedged_attempts",
            "max_hedge",
            "hedges",
            "max_requests",
            "additional_attempts",
        ],
        ours: "max_hedges",
    },
    Foreign {
        names: &["max_extra_load", "retry_budget", "ratio"],
        ours: "budget",
    },
    Foreign {
        names: &["cancel_if", "accept", "non_retryable", "fatal_on"],
        ours: "accept_on",
    },
];

pub(super) const ABSENT: &[Absent] = &[Absent {
    names: &["max_attempts", "hedged_attempts"],
    instead: "the attempts behind the first one are counted, as in `max_hedges = 1`",
}];
