//! The metrics of the things that limit calls: bulkheads and rate limits.

use super::catalogue::{
    BULKHEAD_CALLS, BULKHEAD_IN_USE, BULKHEAD_LIMIT, BULKHEAD_WAITING, Metric, RATE_LIMIT_CALLS,
};
use super::labels::{LabelValues, OTHER};
use super::sink::Sink;
use crate::{bulkhead, rate_limit};

pub(super) fn export_bulkheads(sink: &mut Sink<'_>, values: &mut LabelValues) {
    let mut others = Calls::default();
    for stats in bulkhead::names().all_stats() {
        let calls = Calls {
            admitted: stats.admitted,
            refused: stats.refused,
            would_refuse: stats.would_refuse,
        };
        if values.bounded(&stats.name) == OTHER {
            others.admitted += calls.admitted;
            others.refused += calls.refused;
            others.would_refuse += calls.would_refuse;
            continue;
        }
        let label = ("bulkhead", stats.name.as_str());
        calls.export(sink, &BULKHEAD_CALLS, label);
        sink.gauge(&BULKHEAD_IN_USE, &[label], stats.in_use);
        sink.gauge(&BULKHEAD_WAITING, &[label], stats.waiting);
        sink.gauge(&BULKHEAD_LIMIT, &[label], stats.limit.into());
    }
    others.export_others(sink, &BULKHEAD_CALLS, "bulkhead");
}

pub(super) fn export_rate_limits(sink: &mut Sink<'_>, values: &mut LabelValues) {
    let mut others = Calls::default();
    for stats in rate_limit::names().all_stats() {
        let calls = Calls {
            admitted: stats.admitted,
            refused: stats.refused,
            would_refuse: stats.would_refuse,
        };
        if values.bounded(&stats.name) == OTHER {
            others.admitted += calls.admitted;
            others.refused += calls.refused;
            others.would_refuse += calls.would_refuse;
            continue;
        }
        calls.export(sink, &RATE_LIMIT_CALLS, ("limit", stats.name.as_str()));
    }
    others.export_others(sink, &RATE_LIMIT_CALLS, "limit");
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
