//! The metrics of the things that limit calls: bulkheads and rate limits.

use super::catalogue::{
    BULKHEAD_CALLS, BULKHEAD_IN_USE, BULKHEAD_LIMIT, BULKHEAD_WAITING, Metric, RATE_LIMIT_CALLS,
};
use super::labels::{LabelValues, OTHER};
use super::series::{CounterSeries, GaugeSeries, SeriesOf};
use super::sink::Sink;
use crate::{
    bulkhead::Bulkhead,
    limiter::{Limiter, Registered},
    rate_limit::RateLimit,
};

/// The series of one limiter.
pub(super) struct LimiterSeries {
    /// Those of [`Calls`], in their order.
    calls: [CounterSeries; 3],
    gauges: Vec<GaugeSeries>,
}

pub(super) fn export_bulkheads(
    sink: &Sink<'_>,
    values: &mut LabelValues,
    series: &mut SeriesOf<LimiterSeries>,
) {
    let limits = Limits::<Bulkhead> {
        calls: &BULKHEAD_CALLS,
        gauges: &[BULKHEAD_IN_USE, BULKHEAD_WAITING, BULKHEAD_LIMIT],
        label: "bulkhead",
        name: |stats| &stats.name,
        calls_of: |stats| Calls {
            admitted: stats.admitted,
            refused: stats.refused,
            would_refuse: stats.would_refuse,
        },
        values_of: |stats| vec![stats.in_use, stats.waiting, stats.limit.into()],
    };
    limits.export(sink, values, series);
}

pub(super) fn export_rate_limits(
    sink: &Sink<'_>,
    values: &mut LabelValues,
    series: &mut SeriesOf<LimiterSeries>,
) {
    let limits = Limits::<RateLimit> {
        calls: &RATE_LIMIT_CALLS,
        gauges: &[],
        label: "limit",
        name: |stats| &stats.name,
        calls_of: |stats| Calls {
            admitted: stats.admitted,
            refused: stats.refused,
            would_refuse: stats.would_refuse,
        },
        values_of: |_| Vec::new(),
    };
    limits.export(sink, values, series);
}

/// The metrics of one kind of limiters.
struct Limits<L: Limiter> {
    calls: &'static Metric,
    gauges: &'static [Metric],
    label: &'static str,
    name: fn(&L::Stats) -> &str,
    calls_of: fn(&L::Stats) -> Calls,
    /// The values of the gauges.
    values_of: fn(&L::Stats) -> Vec<u64>,
}

impl<L: Registered> Limits<L> {
    fn export(
        &self,
        sink: &Sink<'_>,
        values: &mut LabelValues,
        series: &mut SeriesOf<LimiterSeries>,
    ) {
        let mut others = Calls::default();
        for stats in L::names().all_stats() {
            let (name, calls) = ((self.name)(&stats), (self.calls_of)(&stats));
            if values.bounded(name) == OTHER {
                others.add(&calls);
                continue;
            }
            let series = series.of(name, |name| self.series(name));
            calls.export(sink, series);
            for (series, value) in series.gauges.iter_mut().zip((self.values_of)(&stats)) {
                sink.gauge(series, value);
            }
        }
        if others.admitted + others.refused > 0 {
            others.export(sink, series.of(OTHER, |name| self.series(name)));
        }
    }

    fn series(&self, name: &str) -> LimiterSeries {
        let label = (self.label, name);
        let outcomes = ["admitted", "refused", "would_refuse"];
        LimiterSeries {
            calls: outcomes
                .map(|outcome| CounterSeries::new(self.calls, &[label, ("outcome", outcome)])),
            gauges: self
                .gauges
                .iter()
                .map(|gauge| GaugeSeries::new(gauge, &[label]))
                .collect(),
        }
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

    fn export(&self, sink: &Sink<'_>, series: &mut LimiterSeries) {
        let counts = [self.admitted, self.refused, self.would_refuse];
        for (series, count) in series.calls.iter_mut().zip(counts) {
            sink.counter(series, count);
        }
    }
}
