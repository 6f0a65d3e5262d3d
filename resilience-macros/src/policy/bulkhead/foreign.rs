//! The names that other libraries have for the options of `#[bulkhead]`.

use crate::language::table::{Absent, Foreign};

pub(super) const FOREIGN: &[Foreign] = &[
    Foreign {
        names: &[
            "limit",
            "permits",
            "size",
            "slots",
            "concurrency",
            "concurrency_limit",
            "max_concurrency",
            "max_concurrent_calls",
            "max_parallel",
            "max_parallelization",
            "max_permits",
            "max_in_flight",
            "permit_limit",
        ],
        ours: "max_concurrent",
    },
    Foreign {
        names: &[
            "max_wait_duration",
            "max_wait_time",
            "wait",
            "wait_timeout",
            "queue_timeout",
            "acquire_timeout",
            "timeout",
        ],
        ours: "max_wait",
    },
    Foreign {
        names: &["bulkhead", "bulkhead_name", "pool", "id", "service"],
        ours: "name",
    },
    Foreign {
        names: &["bulkhead_id", "keys", "key_by", "per", "partition_by"],
        ours: "key",
    },
    Foreign {
        names: &["max_size", "max_bulkheads", "capacity"],
        ours: "max_keys",
    },
    Foreign {
        names: &["idle_timeout", "idle_time", "time_to_idle"],
        ours: "idle",
    },
    Foreign {
        names: &[
            "map_err",
            "full_error",
            "on_full",
            "exception",
            "err",
            "on_error",
        ],
        ours: "error",
    },
];

pub(super) const ABSENT: &[Absent] = &[
    Absent {
        names: &[
            "max_queue",
            "max_waiting",
            "max_waiters",
            "queue",
            "queue_size",
            "queue_capacity",
            "queue_limit",
            "max_queuing_actions",
            "waiting_task_queue",
        ],
        instead: "the queue is bounded by time and not by length: a call waits for at most `max_wait = 2s`",
    },
    Absent {
        names: &["fair", "fair_call_handling_enabled", "is_fair"],
        instead: "calls that wait are always served in their order",
    },
    Absent {
        names: &["fallback"],
        instead: "a refusal is an error like any other: `#[fallback(…)]` above this one answers it",
    },
];
