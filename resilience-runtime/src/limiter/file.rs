//! The values of the configuration file for all limiters of a policy.

use super::{
    config::{LimiterConfig, LimiterSection},
    in_file::{is_shared, section_in_force},
    names::Registered,
};
use crate::{
    file::{Faults, SectionValues, Values, current},
    operation::{self, Hold, ResolvedSetting, SharedThing, tell_computed},
};

/// Checks the values of a file against all limiters of the policy. The result lets the values hold.
pub(crate) fn prepare<L: Registered>(values: &Values, faults: &mut Faults) -> Hold {
    let mut computed = Vec::new();
    let mut prepared = Vec::new();
    for named in L::names().all() {
        let resolved = named.resolved(values);
        for fault in resolved.faults {
            faults.push(fault);
        }
        computed.extend(resolved.computed);
        prepared.push((named, resolved.present));
    }
    Box::new(move |values| {
        for (named, present) in &prepared {
            named.hold(present, values.names(L::Config::section(), named.name()));
        }
        Box::new(move || {
            // A limiter wakes those that wait, and the log runs code of others.
            for (named, _) in prepared {
                named.adopt_all();
            }
            tell_computed(computed);
        })
    })
}

/// The settings of the limiter of that name. The time that a call waits belongs to the functions.
pub(crate) fn describe<L: Registered>(name: &str) -> Vec<ResolvedSetting> {
    let Some(named) = L::names().get(name) else {
        return Vec::new();
    };
    let configs = *named.configs();
    let values = current()
        .values()
        .map(|values| section_in_force(name, &configs.declared, named.options(), values));
    let section = values.unwrap_or_default();
    let thing = SharedThing {
        name,
        policy: L::Config::UNSET,
        config: &configs.present.config,
        options: named.options(),
        declared_at: named.declared_at(),
        section: &section,
        is_by_hand: configs.is_by_hand,
    };
    let mut settings = thing.describe();
    settings.retain(|setting| is_shared(setting.setting));
    settings
}

/// True if every key of the section has a user: a limiter has the name, or, for the time that a
/// call waits, a function.
pub(crate) fn is_used<L: Registered>(name: &str, section: &SectionValues) -> bool {
    let is_registered = L::names().get(name).is_some();
    let has_run = operation::has_run(name);
    let mut entries = section.entries.iter();
    entries.all(|entry| {
        if is_shared(entry.key) {
            is_registered
        } else {
            has_run
        }
    })
}
