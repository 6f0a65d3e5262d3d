//! The section `[metrics]` of the configuration file.

use super::durations::set_durations_in_file;
use crate::file::{Key, Keys, Kind, SectionKind, SectionSpec, Values};

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
