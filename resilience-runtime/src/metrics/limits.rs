//! The metrics of the things that limit calls: bulkheads and rate limits.

use super::catalogue::{
    BULKHEAD_CALLS, BULKHEAD_IN_USE, BULKHEAD_LIMIT, BULKHEAD_WAITING, Metric, RATE_LIMIT_CALLS,
};
use super::labels::{LabelValues, OTHER};
use super::sink::Sink;
use crate::{
    bulkhead::Bulkhead,
    limiter::{Limiter, Registered},
    rate_limit::RateLimit,
};

pub(super) fn export_bulkheads(sink: &mut Sink<'_>, values: &mut LabelValues) {
    let limits = Limits::<Bulkhead> {
        calls: &BULKHEAD_CALLS,
        label: "bulkhead",
        name: |stats| &stats.name,
        calls_of: |stats| Calls {
            admitted: stats.admitted,
            refused: stats.refused,
            would_refuse: stats.would_refuse,
        },
    };
    limits.export(sink, values, |sink, label, stats| {
        sink.gauge(&BULKHEAD_IN_USE, &[label], stats.in_use);
        sink.gauge(&BULKHEAD_WAITING, &[label], stats.waiting);
        sink.gauge(&BULKHEAD_LIMIT, &[label], stats.limit.into());
    });
}

pub(super) fn export_rate_limits(sink: &mut Sink<'_>, values: &mut LabelValues) {
    let limits = Limits::<RateLimit> {
        calls: &RATE_LIMIT_CALLS,
        label: "limit",
        name: |stats| &stats.name,
        calls_of: |stats| Calls {
            admitted: stats.admitted,
            refused: stats.refused,
            would_refuse: stats.would_refuse,
        },
    };
    limits.export(sink, values, |_, _, _| ());
}

/// The metrics that all limiters have.
struct Limits<L: Limiter> {
    calls: &'static Metric,
    label: &'static str,
    name: fn(&L::Stats) -> &str,
    calls_of: fn(&L::Stats) -> Calls,
}

impl<L: Registered> Limits<L> {
    /// Exports the calls of each limiter, and by `gauges` the metrics that its policy alone has.
    fn export(
        &self,
        sink: &mut Sink<'_>,
        values: &mut LabelValues,
        gauges: impl Fn(&mut Sink<'_>, (&'static str, &str), &L::Stats),
    ) {
        let mut others = Calls::default();
        for stats in L::names().all_stats() {
            let (name, calls) = ((self.name)(&stats), (self.calls_of)(&stats));
            if values.bounded(name) == OTHER {
                others.add(&calls);
                continue;
            }
            let label = (self.label, name);
            calls.export(sink, self.calls, label);
            gauges(sink, label, &stats);
        }
        others.export_others(sink, self.calls, self.label);
    }
}

/// The calls to one thing, or to all beyond the bound of the label.
#[derive(Default)]
struct Calls {
    admitted: u64,
    refused: u64,
    /// Calls among those admitted.
    would_refuse: u64,
}

impl Calls {
    fn add(&mut self, other: &Self) {
        self.admitted += other.admitted;
        self.refused += other.refused;
        self.would_refuse += other.would_refuse;
    }

    fn export(&self, sink: &mut Sink<'_>, metric: &Metric, label: (&'static str, &str)) {
        let outcomes = [
            ("admitted", self.admitted),
            ("refused", self.refused),
            ("would_refuse", self.would_refuse),
        ];
        for (outcome, count) in outcomes {
            sink.counter(metric, &[label, ("outcome", outcome)], count);
        }
    }

    fn export_others(&self, sink: &mut Sink<'_>, metric: &Metric, label: &'static str) {
        if self.admitted + self.refused > 0 {
            self.export(sink, metric, (label, OTHER));
        }
    }
}
