//! The configuration file: its section `[metrics]`, and the metric of its reloads.

use super::catalogue::CONFIG_RELOADS;
use super::durations::set_durations_in_file;
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

/// Exports how often a configuration was applied, and how often one was refused.
pub(super) fn export_reloads(sink: &mut Sink<'_>) {
    let counts = reloads();
    for (result, count) in [("applied", counts.applied), ("refused", counts.refused)] {
        sink.counter(&CONFIG_RELOADS, &[("result", result)], count);
    }
}
