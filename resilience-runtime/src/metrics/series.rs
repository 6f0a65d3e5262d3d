//! The series of each thing, with what the recorder was told last.

use std::collections::HashMap;

use metrics::{Counter, Gauge, Key, Label};

use super::catalogue::Metric;

/// The labels of a series.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// A counter with one set of labels.
pub(super) struct CounterSeries {
    pub(super) key: Key,
    /// The total at the last update.
    pub(super) exported: u64,
    pub(super) kept: Option<Counter>,
}

impl CounterSeries {
    pub(super) fn new(metric: &Metric, labels: Labels<'_>) -> Self {
        Self {
            key: key(metric, labels),
            exported: 0,
            kept: None,
        }
    }
}

/// A gauge with one set of labels.
pub(super) struct GaugeSeries {
    pub(super) key: Key,
    /// The bits of the value at the last update.
    pub(super) value: Option<u64>,
    pub(super) kept: Option<Gauge>,
}

impl GaugeSeries {
    pub(super) fn new(metric: &Metric, labels: Labels<'_>) -> Self {
        Self {
            key: key(metric, labels),
            value: None,
            kept: None,
        }
    }
}

/// The series of all things of one kind, by the name of the thing.
pub(super) struct SeriesOf<T>(HashMap<String, T>);

impl<T> SeriesOf<T> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// The series of a thing, which `new` makes for a name that has none.
    pub(super) fn of(&mut self, name: &str, new: impl FnOnce(&str) -> T) -> &mut T {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), new(name));
        }
        self.0
            .get_mut(name)
            .unwrap_or_else(|| unreachable!("it was just added"))
    }
}

pub(super) fn key(metric: &Metric, labels: Labels<'_>) -> Key {
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}
