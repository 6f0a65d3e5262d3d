//! Values of one section that contradict each other.

use super::fault::ConfigFault;
use super::section::{Contradiction, SectionSpec, SectionValues};

/// The faults of values that contradict each other, at the places of the keys.
pub(super) fn faults_of(
    values: &SectionValues,
    contradictions: Vec<Contradiction>,
) -> impl Iterator<Item = ConfigFault> {
    let contradictions = contradictions.into_iter();
    contradictions.filter_map(|contradiction| values.fault(contradiction))
}

/// The contradictions within one section: keys that cannot stand together, then those that the
/// policy finds.
pub(super) fn contradictions(spec: &SectionSpec, values: &SectionValues) -> Vec<Contradiction> {
    let groups = spec.exclusive.iter();
    let mut found: Vec<_> = groups
        .filter_map(|group| {
            let present: Vec<_> = group
                .keys
                .iter()
                .copied()
                .filter(|key| values.has(key))
                .collect();
            match present.as_slice() {
                [] | [_] => None,
                [one, others @ ..] => Some(Contradiction::exclusive(one, others, group.why)),
            }
        })
        .collect();
    if found.is_empty() {
        found = (spec.contradictions)(values);
    }
    found
}
