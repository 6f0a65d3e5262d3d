//! The metrics of operations: retries, timeouts, fallbacks and hedges.

use super::catalogue::{FALLBACKS, HEDGES, RETRIES, RETRY_CALLS, TIMEOUTS};
use super::labels::LabelValues;
use super::series::{CounterSeries, SeriesOf};
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

/// The series of the operations with one label.
pub(super) struct OperationSeries {
    retries: CounterSeries,
    recovered: CounterSeries,
    gave_up: [CounterSeries; REASONS.len()],
    timeouts: CounterSeries,
    fallbacks: CounterSeries,
    hedges: CounterSeries,
}

impl OperationSeries {
    fn new(name: &str) -> Self {
        let operation = ("operation", name);
        let recovered = [operation, ("result", "recovered")];
        Self {
            retries: CounterSeries::new(&RETRIES, &[operation]),
            recovered: CounterSeries::new(&RETRY_CALLS, &recovered),
            gave_up: REASONS.map(|reason| {
                let labels = [operation, ("result", "gave_up"), ("reason", reason)];
                CounterSeries::new(&RETRY_CALLS, &labels)
            }),
            timeouts: CounterSeries::new(&TIMEOUTS, &[operation]),
            fallbacks: CounterSeries::new(&FALLBACKS, &[operation]),
            hedges: CounterSeries::new(&HEDGES, &[operation]),
        }
    }

    fn export(&mut self, sink: &Sink<'_>, counts: &Counts) {
        sink.counter(&mut self.retries, counts.retries);
        sink.counter(&mut self.recovered, counts.recovered);
        for (series, count) in self.gave_up.iter_mut().zip(counts.gave_up) {
            sink.counter(series, count);
        }
        sink.counter(&mut self.timeouts, counts.timeouts);
        sink.counter(&mut self.fallbacks, counts.fallbacks);
        sink.counter(&mut self.hedges, counts.hedges);
    }
}

pub(super) fn export(
    sink: &Sink<'_>,
    values: &mut LabelValues,
    series: &mut SeriesOf<OperationSeries>,
) {
    let mut operations = BTreeMap::<String, Counts>::new();
    for stats in registry::operations() {
        let label = values.bounded(&stats.name).to_owned();
        operations.entry(label).or_default().add(&stats);
    }
    for (name, counts) in operations {
        let series = series.of(&name, OperationSeries::new);
        series.export(sink, &counts);
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
}
