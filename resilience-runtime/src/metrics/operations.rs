//! The metrics of operations: retries, timeouts, fallbacks and hedges.

use super::catalogue::{FALLBACKS, HEDGES, RETRIES, RETRY_CALLS, TIMEOUTS};
use super::labels::LabelValues;
use super::sink::Sink;
use crate::OperationStats;
use crate::registry;
use std::collections::BTreeMap;

/// The counts of the operations with one label.
#[derive(Default)]
struct Counts {
    retries: u64,
    recovered: u64,
    gave_up: [u64; REASONS.len()],
    timeouts: u64,
    fallbacks: u64,
    hedges: u64,
}

const REASONS: [&str; 8] = [
    "attempts",
    "elapsed",
    "not_retryable",
    "budget",
    "hint",
    "deadline",
    "circuit_open",
    "refused",
];

pub(super) fn export(sink: &mut Sink<'_>, values: &mut LabelValues) {
    let mut operations = BTreeMap::<String, Counts>::new();
    for stats in registry::operations() {
        let label = values.bounded(&stats.name).to_owned();
        operations.entry(label).or_default().add(&stats);
    }
    for (name, counts) in operations {
        counts.export(sink, &name);
    }
}

impl Counts {
    fn add(&mut self, stats: &OperationStats) {
        let gave_up = &stats.gave_up;
        let reasons = [
            gave_up.attempts,
            gave_up.elapsed,
            gave_up.not_retryable,
            gave_up.budget,
            gave_up.hint,
            gave_up.deadline,
            gave_up.circuit_open,
            gave_up.refused,
        ];
        for (sum, count) in self.gave_up.iter_mut().zip(reasons) {
            *sum += count;
        }
        self.retries += stats.retries;
        self.recovered += stats.recovered;
        self.timeouts += stats.timeouts;
        self.fallbacks += stats.fallbacks;
        self.hedges += stats.hedges;
    }

    fn export(&self, sink: &mut Sink<'_>, name: &str) {
        let operation = ("operation", name);
        sink.counter(&RETRIES, &[operation], self.retries);
        let recovered = [operation, ("result", "recovered")];
        sink.counter(&RETRY_CALLS, &recovered, self.recovered);
        for (reason, count) in REASONS.into_iter().zip(self.gave_up) {
            let labels = [operation, ("result", "gave_up"), ("reason", reason)];
            sink.counter(&RETRY_CALLS, &labels, count);
        }
        sink.counter(&TIMEOUTS, &[operation], self.timeouts);
        sink.counter(&FALLBACKS, &[operation], self.fallbacks);
        sink.counter(&HEDGES, &[operation], self.hedges);
    }
}
