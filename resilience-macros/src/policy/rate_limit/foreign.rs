//! The names that other libraries have for the options of `#[rate_limit]`.

use crate::language::table::{Absent, Foreign};

pub(super) const FOREIGN: &[Foreign] = &[
    Foreign {
        names: &[
            "limit_for_period",
            "max_calls",
            "max_permits",
            "permits",
            "permit_limit",
            "quota",
            "rate",
            "requests",
            "value",
            "calls",
        ],
        ours: "limit",
    },
    Foreign {
        names: &[
            "limit_refresh_period",
            "refresh_period",
            "period",
            "interval",
            "window",
            "per_second",
            "replenishment_period",
            "time_period",
        ],
        ours: "per",
    },
    Foreign {
        names: &["burst_size", "allow_burst", "capacity", "bucket_size"],
        ours: "burst",
    },
    Foreign {
        names: &[
            "timeout_duration",
            "max_wait_time",
            "max_wait_duration",
            "wait",
            "wait_timeout",
            "timeout",
        ],
        ours: "max_wait",
    },
    Foreign {
        names: &["rate_limit", "rate_limiter", "limiter", "id", "service"],
        ours: "name",
    },
    Foreign {
        names: &["keys", "key_by", "partition_by", "key_extractor"],
        ours: "key",
    },
    Foreign {
        names: &["max_size", "max_limits"],
        ours: "max_keys",
    },
    Foreign {
        names: &["idle_timeout", "idle_time", "time_to_idle"],
        ours: "idle",
    },
    Foreign {
        names: &["map_err", "on_limited", "exception", "err", "on_error"],
        ours: "error",
    },
];

pub(super) const ABSENT: &[Absent] = &[
    Absent {
        names: &["window_type", "rate_limit_type", "kind", "algorithm"],
        instead: "calls are spread evenly above a burst, which no window can double: set `burst = 10`",
    },
    Absent {
        names: &["min_spacing"],
        instead: "with `burst = 1` one call passes in `per / limit`",
    },
    Absent {
        names: &["fallback"],
        instead: "a refusal is an error like any other: `#[fallback(…)]` above this one answers it",
    },
];
