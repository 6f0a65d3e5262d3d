//! The settings of a name, with the places that they have their values from.

use super::sections::SHARED;
use crate::operation::{self, ResolvedSetting};

/// The settings of every function and of every shared thing with that name.
pub(super) fn describe(name: &str) -> Vec<ResolvedSetting> {
    let shared = SHARED.iter().flat_map(|shared| (shared.describe)(name));
    let shared: Vec<_> = shared.collect();
    let mut settings = operation::describe(name);
    // A circuit without a name of its own has the name of the operation, and is described as it is.
    settings.retain(|setting| shared.iter().all(|other| other.policy != setting.policy));
    settings.extend(shared);
    settings
}
