//! The names that other libraries, and the Python decorators, have for the options of
//! `#[circuit_breaker]`.

use crate::language::table::{Absent, Foreign};

pub(super) const FOREIGN: &[Foreign] = &[
    Foreign {
        names: &[
            "threshold",
            "failures",
            "max_failures",
            "error_threshold",
            "failure_count",
        ],
        ours: "failure_threshold",
    },
    Foreign {
        names: &[
            "consecutive_failure_threshold",
            "consecutive_errors",
            "consecutive_5xx",
            "failures_in_a_row",
        ],
        ours: "consecutive_failures",
    },
    Foreign {
        names: &[
            "failure_rate_threshold",
            "error_rate",
            "failure_ratio",
            "error_percentage",
            "error_threshold_percentage",
            "rate",
        ],
        ours: "failure_rate",
    },
    Foreign {
        names: &[
            "window",
            "sliding_window",
            "sampling_duration",
            "interval",
            "period",
        ],
        ours: "failure_window",
    },
    Foreign {
        names: &[
            "minimum_number_of_calls",
            "minimum_throughput",
            "min_calls",
            "min_throughput",
            "request_volume_threshold",
            "volume_threshold",
        ],
        ours: "minimum_calls",
    },
    Foreign {
        names: &[
            "reset_timeout",
            "timeout",
            "break_duration",
            "duration_of_break",
            "wait_duration_in_open_state",
            "open_duration",
            "sleep_window",
            "delay",
            "recovery_time",
            "cooldown",
            "cool_down",
        ],
        ours: "recovery_timeout",
    },
    Foreign {
        names: &[
            "backoff_multiplier",
            "recovery_backoff",
            "exponential_backoff_multiplier",
        ],
        ours: "recovery_multiplier",
    },
    Foreign {
        names: &[
            "max_wait_duration_in_open_state",
            "exponential_max_wait_duration_in_open_state",
            "max_ejection_time",
            "max_recovery_time",
        ],
        ours: "max_recovery_timeout",
    },
    Foreign {
        names: &["recovery_timeout_jitter", "randomized_wait_factor"],
        ours: "recovery_jitter",
    },
    Foreign {
        names: &[
            "break_duration_generator",
            "wait_interval_function",
            "retry_after",
        ],
        ours: "recovery_hint",
    },
    Foreign {
        names: &[
            "successes",
            "close_threshold",
            "half_open_success_threshold",
            "required_successes",
        ],
        ours: "success_threshold",
    },
    Foreign {
        names: &[
            "permitted_number_of_calls_in_half_open_state",
            "half_open_calls",
            "half_open_max_requests",
            "max_probes",
            "probes",
            "max_requests",
            "half_open_requests",
        ],
        ours: "half_open_max_calls",
    },
    Foreign {
        names: &[
            "slow_call_duration_threshold",
            "slow_call_duration",
            "slow_threshold",
            "slow",
            "slow_call_threshold",
        ],
        ours: "slow_call",
    },
    Foreign {
        names: &["slow_call_rate_threshold", "slow_call_rate", "slow_ratio"],
        ours: "slow_rate",
    },
    Foreign {
        names: &[
            "failure_exceptions",
            "record_exceptions",
            "expected_exception",
            "record",
            "handle",
            "errors",
            "trip_on",
            "count_on",
        ],
        ours: "failure_on",
    },
    Foreign {
        names: &[
            "when",
            "predicate",
            "failure_predicate",
            "record_failure",
            "should_handle",
            "is_failure",
            "record_if",
        ],
        ours: "failure_if",
    },
    Foreign {
        names: &["record_result", "failure_if_result", "handle_result"],
        ours: "failure_if_ok",
    },
    Foreign {
        names: &[
            "ignored_exceptions",
            "ignore_exceptions",
            "exclude",
            "ignore_on",
            "ignored",
            "ignore_errors",
        ],
        ours: "ignore",
    },
    Foreign {
        names: &["fallback_function", "fallback_method", "or_else", "default"],
        ours: "fallback",
    },
    Foreign {
        names: &["circuit", "circuit_name", "id", "service"],
        ours: "name",
    },
    Foreign {
        names: &["breaker_id", "keys", "key_by", "per", "partition_by"],
        ours: "key",
    },
    Foreign {
        names: &["max_size", "max_circuits", "capacity"],
        ours: "max_keys",
    },
    Foreign {
        names: &["idle_timeout", "idle_time", "time_to_idle", "min_time"],
        ours: "idle",
    },
    Foreign {
        names: &["instance", "handle_to", "circuit_breaker", "cb"],
        ours: "breaker",
    },
    Foreign {
        names: &["map_err", "open_error", "exception", "err", "on_error"],
        ours: "error",
    },
];

pub(super) const ABSENT: &[Absent] = &[
    Absent {
        names: &["window_size", "sliding_window_size"],
        instead: "a window is a time, `failure_window = 60s`, or for a rate a number of calls, `window_calls = 100`",
    },
    Absent {
        names: &[
            "on_open",
            "on_close",
            "on_half_open",
            "on_state_change",
            "on_state_transition",
            "on_transition",
            "listener",
            "listeners",
        ],
        instead: "a change of the state is told by `CircuitBreaker::on_transition`; a refused call is answered by `fallback = f`",
    },
];
