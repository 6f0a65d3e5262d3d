//! Metrics of circuits, retries, timeouts, budgets, bulkheads and rate limits: feature `metrics`.
//!
//! The numbers go to the recorder of the [`metrics`](https://docs.rs/metrics) facade, which a
//! program installs once, such as `metrics-exporter-prometheus`. An [`update`] reads the statistics
//! and tells the recorder the differences, so that the metrics equal the statistics, and a call
//! records nothing but its durations, if they are asked for. The recorder may be installed at any
//! time. A retry remembers when its attempt was due, for the durations: 8 bytes of its future, and
//! some nanoseconds of a call.
//!
//! | metric | kind | labels |
//! |---|---|---|
//! | `resilience_circuit_calls_total` | counter | `circuit`, `outcome`: `success`, `failure`, `ignored`, `refused`, `abandoned`, `late` |
//! | `resilience_circuit_state` | gauge | `circuit`, `state`: `closed`, `open`, `half_open`, `isolated`; 1 for the state that the circuit is in |
//! | `resilience_circuit_state_seconds_total` | counter | `circuit`, `state` |
//! | `resilience_circuit_transitions_total` | counter | `circuit`, `to`, `reason` |
//! | `resilience_circuit_failure_rate` | gauge | `circuit`; absent below `minimum_calls` |
//! | `resilience_retry_calls_total` | counter | `operation`, `result`: `recovered`, `gave_up`, and the `reason` of the latter |
//! | `resilience_retries_total` | counter | `operation` |
//! | `resilience_retry_delay_seconds` | histogram | `operation`; the waits of one call together, for a call that waited; only after [`record_durations`] |
//! | `resilience_timeouts_total` | counter | `operation` |
//! | `resilience_timeout_workers` | gauge | `state`: `busy`, `idle`, `abandoned` (among the busy ones), `limit` |
//! | `resilience_fallbacks_total` | counter | `operation` |
//! | `resilience_hedges_total` | counter | `operation` |
//! | `resilience_budget_retries_total` | counter | `budget`, `outcome`: `granted`, `refused` |
//! | `resilience_budget_available` | gauge | `budget` |
//! | `resilience_bulkhead_calls_total` | counter | `bulkhead`, `outcome`: `admitted`, `refused`, and `would_refuse` for those among the admitted that passed because of `enforce = false` |
//! | `resilience_bulkhead_in_use`, `resilience_bulkhead_waiting`, `resilience_bulkhead_limit` | gauge | `bulkhead` |
//! | `resilience_rate_limit_calls_total` | counter | `limit`, `outcome`: as above |
//! | `resilience_attempt_duration_seconds` | histogram | `operation`, `outcome`; only after [`record_durations`] |
//! | `resilience_config_reloads_total` | counter | `result`: `applied`, and `refused`, once for each content as in the log; only with the feature `config` |
//! | `resilience_label_overflow_total` | counter | `kind`: the name of the label, such as `circuit` |
//!
//! A success at the first attempt is not counted, because it must cost nothing. All series of a
//! circuit, an operation, a budget, a bulkhead or a rate limit exist from its registration on, so
//! that a rate works before the first failure. A name with keys is one circuit whose gauges count
//! its circuits in each state; keys are never labels. Each label has at most 1,000 values: further
//! ones are `_other`, which has counters only, and the log has one WARN.
//!
//! The package `resilience-fleet` adds `resilience_fleet_degraded` and other metrics of a fleet,
//! which its documentation lists.
//!
//! The time in a state is exact for a circuit that changes at most once between two updates.

mod catalogue;
mod circuits;
mod durations;
mod exporter;
#[cfg(feature = "config")]
pub(crate) mod file;
mod global_recorder;
mod histograms;
mod labels;
mod limits;
mod operations;
mod pump;
mod series;
mod shared;
mod sink;
mod state_time;

pub use durations::record_durations;
pub use exporter::{Exporter, export_every};
pub use pump::update;

pub(crate) use durations::are_durations_recorded;
pub(crate) use histograms::{Recorded, record};
