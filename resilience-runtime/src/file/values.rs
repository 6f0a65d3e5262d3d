//! All sections of a file and of the environment, and which of them wins.

use std::collections::BTreeMap;

use super::contradictions::{contradictions, faults_of};
use super::fault::{Faults, Place};
use super::section::{Entry, SectionSpec, SectionValues};

/// The values of a configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    policies: BTreeMap<&'static str, PolicyValues>,
}

#[derive(Clone, Debug, Default)]
struct PolicyValues {
    default: SectionValues,
    named: BTreeMap<String, Named>,
}

#[derive(Clone, Debug, Default)]
struct Named {
    values: SectionValues,
    /// The name in the text. A section of the environment alone has none.
    place: Option<Place>,
}

/// A section with a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedSection<'v> {
    pub(crate) name: &'v str,
    /// The values, each as the section has it.
    pub(crate) values: &'v SectionValues,
    place: Option<&'v Place>,
}

impl<'v> NamedSection<'v> {
    /// The place of the name, or that of the first value in the environment.
    pub(crate) fn place(&self) -> Option<&'v Place> {
        let first = self.values.entries.first();
        self.place.or_else(|| first.map(|entry| &entry.place))
    }
}

impl Values {
    fn policy(&mut self, spec: &SectionSpec) -> &mut PolicyValues {
        self.policies.entry(spec.name).or_default()
    }

    pub(super) fn add_default(&mut self, spec: &SectionSpec, values: &SectionValues) {
        self.policy(spec).default.override_by(spec, values);
    }

    pub(super) fn add_named(
        &mut self,
        spec: &SectionSpec,
        name: &str,
        values: &SectionValues,
        place: Option<Place>,
    ) {
        let named = self.policy(spec).named.entry(name.to_owned()).or_default();
        named.values.override_by(spec, values);
        named.place = named.place.take().or(place);
    }

    /// The values that apply to a name. The weakest level is added first.
    pub(crate) fn of(&self, spec: &SectionSpec, name: &str) -> SectionValues {
        let Some(policy) = self.policies.get(spec.name) else {
            return SectionValues::default();
        };
        let named = policy.named.get(name).map(|named| &named.values);
        let sections = [Some(&policy.default), named].into_iter().flatten();
        let mut entries: Vec<_> = sections.flat_map(|section| &section.entries).collect();
        entries.sort_by_key(|entry| entry.level);
        let mut merged = SectionValues::default();
        for entry in entries {
            let entries = vec![entry.clone()];
            merged.override_by(spec, &SectionValues { entries });
        }
        merged
    }

    /// All values, each as its section has it.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        let policies = self.policies.values();
        let sections = policies.flat_map(|policy| {
            let named = policy.named.values().map(|named| &named.values);
            named.chain([&policy.default])
        });
        sections.flat_map(|section| &section.entries)
    }

    /// True if a section has the name itself.
    pub(crate) fn names(&self, spec: &SectionSpec, name: &str) -> bool {
        let policy = self.policies.get(spec.name);
        policy.is_some_and(|policy| policy.named.contains_key(name))
    }

    /// The sections of a policy that have a name.
    pub(crate) fn sections_of(&self, spec: &SectionSpec) -> impl Iterator<Item = NamedSection<'_>> {
        let policy = self.policies.get(spec.name);
        let named = policy.into_iter().flat_map(|policy| &policy.named);
        named.map(|(name, section)| NamedSection {
            name,
            values: &section.values,
            place: section.place.as_ref(),
        })
    }

    /// Checks the values of several sections that apply to one name together, and those that apply
    /// to a name without a section. The values of one section are checked where it is read.
    pub(crate) fn check_together(&self, specs: &[&SectionSpec], faults: &mut Faults) {
        for spec in specs {
            let named = self.sections_of(spec).map(|section| section.name);
            for name in named.chain([""]) {
                let values = self.of(spec, name);
                let found = contradictions(spec, &values);
                for fault in faults_of(&values, found) {
                    faults.push(fault);
                }
            }
        }
    }
}
