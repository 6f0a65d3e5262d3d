//! The names that other libraries, and the Python decorators, have for the options of `#[retry]`.

use crate::language::table::Foreign;

pub(super) const FOREIGN: &[Foreign] = &[
    Foreign {
        names: &[
            "retries",
            "max_retry",
            "retry",
            "max_times",
            "times_to_retry",
            "max_retry_attempts",
            "limit",
        ],
        ours: "max_retries",
    },
    Foreign {
        names: &[
            "attempts",
            "times",
            "tries",
            "max_tries",
            "max_attempt",
            "stop",
            "stop_after",
            "stop_after_attempt",
            "num_attempts",
        ],
        ours: "max_attempts",
    },
    Foreign {
        names: &[
            "delay",
            "wait",
            "wait_duration",
            "min_delay",
            "initial_delay",
            "initial_interval",
            "initial_backoff",
            "interval",
            "sleep",
            "wait_fixed",
            "min_wait",
        ],
        ours: "base_delay",
    },
    Foreign {
        names: &[
            "max_wait",
            "max_interval",
            "max_backoff",
            "delay_cap",
            "cap",
        ],
        ours: "max_delay",
    },
    Foreign {
        names: &[
            "backoff",
            "backoff_type",
            "backoff_strategy",
            "policy",
            "wait_strategy",
            "kind",
        ],
        ours: "strategy",
    },
    Foreign {
        names: &[
            "factor",
            "exp_base",
            "exponential_base",
            "backoff_multiplier",
            "backoff_factor",
            "exponent",
        ],
        ours: "multiplier",
    },
    Foreign {
        names: &[
            "randomization_factor",
            "randomize",
            "random",
            "with_jitter",
            "jitter_factor",
        ],
        ours: "jitter",
    },
    Foreign {
        names: &[
            "timeout",
            "max_duration",
            "total_delay",
            "deadline",
            "max_total_delay",
            "max_elapsed_time",
            "stop_after_delay",
        ],
        ours: "max_elapsed",
    },
    Foreign {
        names: &[
            "on",
            "retry_exceptions",
            "retryable_exceptions",
            "retryable",
            "retryable_errors",
            "handle",
            "errors",
            "retry_for",
            "include",
        ],
        ours: "retry_on",
    },
    Foreign {
        names: &[
            "non_retryable_exceptions",
            "non_retryable",
            "ignore",
            "ignore_exceptions",
            "abort",
            "abort_if",
            "exclude",
            "no_retry_on",
        ],
        ours: "abort_on",
    },
    Foreign {
        names: &[
            "when",
            "condition",
            "retry_condition",
            "predicate",
            "should_retry",
            "should_handle",
            "if",
        ],
        ours: "retry_if",
    },
    Foreign {
        names: &[
            "retry_on_result",
            "retry_if_result",
            "retry_on_ok",
            "handle_result",
        ],
        ours: "retry_if_ok",
    },
    Foreign {
        names: &[
            "retry_after",
            "adjust",
            "delay_generator",
            "delay_func",
            "hint",
        ],
        ours: "delay_hint",
    },
    Foreign {
        names: &[
            "notify",
            "before_sleep",
            "on_error",
            "callback",
            "before_retry",
            "hook",
        ],
        ours: "on_retry",
    },
    Foreign {
        names: &["retry_budget", "token_bucket", "retry_ratio"],
        ours: "budget",
    },
];
