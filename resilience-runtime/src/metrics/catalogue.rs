//! The metrics: their names, their kinds and the words that describe them.

use metrics::{Recorder, Unit};

/// One metric.
pub(super) struct Metric {
    pub(super) name: &'static str,
    kind: Kind,
    unit: Unit,
    help: &'static str,
}

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:ident, $unit:ident, $help:literal;)*) => {
        $(
            pub(super) const $constant: Metric = Metric {
                name: $name,
                kind: Kind::$kind,
                unit: Unit::$unit,
                help: $help,
            };
        )*

        /// All of them.
        pub(super) const METRICS: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    CIRCUIT_CALLS = "resilience_circuit_calls_total", Counter, Count,
        "Calls to a circuit, by their outcome.";
    CIRCUIT_STATE = "resilience_circuit_state", Gauge, Count,
        "1 for the state that the circuit is in. A name with keys counts its circuits in each state.";
    CIRCUIT_STATE_SECONDS = "resilience_circuit_state_seconds_total", Counter, Seconds,
        "Time that the circuit spent in a state.";
    CIRCUIT_TRANSITIONS = "resilience_circuit_transitions_total", Counter, Count,
        "Changes of a circuit's state, by the new state and the reason.";
    CIRCUIT_FAILURE_RATE = "resilience_circuit_failure_rate", Gauge, Percent,
        "Share of failures in the window, from 0 to 1. Absent below minimum_calls.";
    RETRY_CALLS = "resilience_retry_calls_total", Counter, Count,
        "Calls that a retry repeated or gave up, by their result.";
    RETRIES = "resilience_retries_total", Counter, Count,
        "Attempts that followed a failed one.";
    RETRY_DELAY = "resilience_retry_delay_seconds", Histogram, Seconds,
        "Waits of one call between its attempts, together, if they are recorded.";
    TIMEOUTS = "resilience_timeouts_total", Counter, Count,
        "Calls that reached the limit of a timeout.";
    TIMEOUT_WORKERS = "resilience_timeout_workers", Gauge, Count,
        "Worker threads of sync timeouts, by their state.";
    FALLBACKS = "resilience_fallbacks_total", Counter, Count,
        "Calls that a fallback answered.";
    HEDGES = "resilience_hedges_total", Counter, Count,
        "Attempts that a hedge started beside a slow one, or behind a failed one.";
    BUDGET_RETRIES = "resilience_budget_retries_total", Counter, Count,
        "Retries that a budget was asked for, by its answer.";
    BUDGET_AVAILABLE = "resilience_budget_available", Gauge, Count,
        "Retries that a budget would grant now.";
    BULKHEAD_CALLS = "resilience_bulkhead_calls_total", Counter, Count,
        "Calls to a bulkhead, by its answer.";
    BULKHEAD_IN_USE = "resilience_bulkhead_in_use", Gauge, Count,
        "Calls that run in a bulkhead.";
    BULKHEAD_WAITING = "resilience_bulkhead_waiting", Gauge, Count,
        "Calls that wait for a slot of a bulkhead.";
    BULKHEAD_LIMIT = "resilience_bulkhead_limit", Gauge, Count,
        "Calls that a bulkhead allows at the same time, for a name with keys those of each key.";
    RATE_LIMIT_CALLS = "resilience_rate_limit_calls_total", Counter, Count,
        "Calls to a rate limit, by its answer.";
    ATTEMPT_DURATION = "resilience_attempt_duration_seconds", Histogram, Seconds,
        "Durations of the attempts of a retry, if they are recorded.";
    CONFIG_RELOADS = "resilience_config_reloads_total", Counter, Count,
        "Configurations that were applied or refused. Absent without the feature config.";
    LABEL_OVERFLOW = "resilience_label_overflow_total", Counter, Count,
        "Values of a label beyond its bound, which are reported as _other.";
}

/// Tells the recorder the unit and the meaning of each metric.
pub(super) fn describe(recorder: &dyn Recorder) {
    for metric in METRICS {
        let (name, help) = (metric.name.into(), metric.help.into());
        match metric.kind {
            Kind::Counter => recorder.describe_counter(name, Some(metric.unit), help),
            Kind::Gauge => recorder.describe_gauge(name, Some(metric.unit), help),
            Kind::Histogram => recorder.describe_histogram(name, Some(metric.unit), help),
        }
    }
}
