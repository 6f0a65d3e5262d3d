//! The configuration file: its section `[metrics]`, and the metric of its reloads.

use super::catalogue::CONFIG_RELOADS;
use super::durations::set_durations_in_file;
use super::series::CounterSeries;
use super::sink::Sink;
use crate::file::{Key, Keys, Kind, SectionKind, SectionSpec, Values, reloads};

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "metrics",
    keys: Keys {
        keys: &[],
        foreign: &[],
    },
    own: &[Key {
        name: "durations",
        example: "durations = true",
        kind: Kind::Flag,
    }],
    kind: SectionKind::Single,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

/// Lets the values hold.
pub(crate) fn hold(values: &Values) {
    set_durations_in_file(values.of(&FILE, "").flag("durations"));
}

/// The series of the reloads.
pub(super) struct ReloadSeries([CounterSeries; 2]);

impl ReloadSeries {
    pub(super) fn new() -> Self {
        let results = ["applied", "refused"];
        Self(results.map(|result| CounterSeries::new(&CONFIG_RELOADS, &[("result", result)])))
    }

    /// Exports how often a configuration was applied, and how often one was refused.
    pub(super) fn export(&mut self, sink: &Sink<'_>) {
        let counts = reloads();
        let counts = [counts.applied, counts.refused];
        for (series, count) in self.0.iter_mut().zip(counts) {
            sink.counter(series, count);
        }
    }
}
