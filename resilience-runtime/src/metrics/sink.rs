//! Where the numbers of one update go: the recorder of the program.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use metrics::{IntoF64, Key, Label, Level, Metadata, Recorder};

use super::catalogue::Metric;

/// The labels of a series.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// The recorder, and the counts that it has got already.
pub(super) struct Sink<'a> {
    recorder: &'a dyn Recorder,
    exported: &'a mut Exported,
}

/// The totals of all counters at the last update, because a recorder is told increments: bridges to
/// other libraries know no absolute values.
pub(super) type Exported = HashMap<Key, u64>;

impl<'a> Sink<'a> {
    pub(super) fn new(recorder: &'a dyn Recorder, exported: &'a mut Exported) -> Self {
        Self { recorder, exported }
    }

    /// Brings a counter to `total`. A total that is smaller than the last one belongs to a thing
    /// that was removed and made again.
    pub(super) fn counter(&mut self, metric: &Metric, labels: Labels<'_>, total: u64) {
        let key = key(metric, labels);
        let counter = self.recorder.register_counter(&key, &METADATA);
        let last = self.exported.entry(key).or_default();
        counter.increment(total.checked_sub(*last).unwrap_or(total));
        *last = total;
    }

    /// Brings a counter of seconds to `total`. The counter has whole seconds, and the rest is in
    /// the total of the next update.
    pub(super) fn seconds(&mut self, metric: &Metric, labels: Labels<'_>, total: Duration) {
        self.counter(metric, labels, total.as_secs());
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float, and exact up to 2⁵³"
    )]
    pub(super) fn gauge(&mut self, metric: &Metric, labels: Labels<'_>, value: u64) {
        self.share(metric, labels, value as f64);
    }

    pub(super) fn share(&mut self, metric: &Metric, labels: Labels<'_>, value: f64) {
        let key = key(metric, labels);
        self.recorder.register_gauge(&key, &METADATA).set(value);
    }
}

/// Adds a value to a histogram.
pub(super) fn record(
    recorder: &dyn Recorder,
    metric: &Metric,
    labels: Labels<'_>,
    value: Duration,
) {
    let histogram = recorder.register_histogram(&key(metric, labels), &METADATA);
    histogram.record(value.as_secs_f64());
}

/// True if the recorder takes this gauge. Without a recorder, and if it refuses the metrics of this
/// library, nobody does.
pub(super) fn is_taken(recorder: &dyn Recorder, metric: &Metric, labels: Labels<'_>) -> bool {
    let asked = Cell::new(false);
    let gauge = recorder.register_gauge(&key(metric, labels), &METADATA);
    // A handle that does nothing does not ask for the value.
    gauge.increment(Asked(&asked));
    asked.get()
}

/// A change of nothing that notes that it was asked for.
struct Asked<'a>(&'a Cell<bool>);

impl IntoF64 for Asked<'_> {
    fn into_f64(self) -> f64 {
        self.0.set(true);
        0.0
    }
}

static METADATA: Metadata<'static> = Metadata::new("resilience", Level::INFO, Some("resilience"));

fn key(metric: &Metric, labels: Labels<'_>) -> Key {
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}
