//! A setting that a configuration changed.

use std::collections::BTreeMap;
use std::fmt;

use super::key::Value;
use super::values::Values;

/// A setting of the configuration that is another one than before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigChange {
    /// The section, the name and the key: `retry.jira.max_retries`.
    pub setting: String,
    /// The value before, or `None` if the setting is new.
    pub from: Option<String>,
    /// The value from now on, or `None` if the setting is gone, so that the next weaker source
    /// counts.
    pub to: Option<String>,
}

impl fmt::Display for ConfigChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = || String::from("none");
        let [from, to] = [&self.from, &self.to].map(|value| value.clone().unwrap_or_else(none));
        write!(f, "{}: {from} -> {to}", self.setting)
    }
}

/// The changes from one configuration to the next, in the order of the settings.
pub(crate) fn changes(before: Option<&Values>, after: &Values) -> Vec<ConfigChange> {
    let mut settings: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    let shown = |value: &Value| Some(value.to_string());
    for entry in before.into_iter().flat_map(Values::entries) {
        settings.entry(entry.setting.clone()).or_default()[0] = shown(&entry.value);
    }
    for entry in after.entries() {
        settings.entry(entry.setting.clone()).or_default()[1] = shown(&entry.value);
    }
    let changed = settings.into_iter().filter(|(_, [from, to])| from != to);
    changed
        .map(|(setting, [from, to])| ConfigChange { setting, from, to })
        .collect()
}
