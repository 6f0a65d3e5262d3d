//! The settings of a name, with the places that they have their values from.

use super::sections::SHARED;
use crate::operation::{self, ResolvedSetting};

/// The settings of every function and of every shared thing with that name.
pub(super) fn describe(name: &str) -> Vec<ResolvedSetting> {
    let shared = SHARED.iter().flat_map(|shared| (shared.describe)(name));
    let shared: Vec<_> = shared.collect();
    let mut settings = operation::describe(name);
    // A circuit without a name of its own has the name of the operation, and is described as it is.
    // The time that a call waits for a bulkhead belongs to the function all the same.
    let is_described = |setting: &ResolvedSetting| {
        let mut shared = shared.iter();
        shared.any(|other| (other.policy, other.setting) == (setting.policy, setting.setting))
    };
    settings.retain(|setting| !is_described(setting));
    settings.extend(shared);
    settings
}
