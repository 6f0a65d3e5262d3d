//! The section of a policy: its keys, and the values that a file gives them.

use super::fault::{ConfigFault, Place};
use super::key::{Key, Keys, Value};

/// The section of a policy in the configuration file. Each policy has one in its own folder, and
/// `config/sections.rs` lists them.
#[derive(Debug)]
pub struct SectionSpec {
    /// The name of the policy, as in `[retry.NAME]`.
    pub(crate) name: &'static str,
    /// The keys that are options of the attribute.
    pub(crate) keys: Keys,
    /// The keys that the file alone has, and those whose value has rules of its own.
    pub(crate) own: &'static [Key],
    pub(crate) kind: SectionKind,
    /// The keys that cannot stand together in one section. The key of a more special section
    /// replaces the others of the group.
    pub(crate) exclusive: &'static [Exclusive],
    /// Finds the values of one section that contradict each other, whatever function they are for.
    pub(crate) contradictions: fn(&SectionValues) -> Vec<Contradiction>,
}

/// The form of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SectionKind {
    /// `[retry.NAME]`, and `[default.retry]` for all names.
    Policy,
    /// `[budget.NAME]` alone.
    Named,
    /// `[metrics]`, without a name.
    Single,
}

/// Keys that cannot stand together.
#[derive(Debug)]
pub(crate) struct Exclusive {
    pub(crate) keys: &'static [&'static str],
    /// The reason, in the words of the compile error.
    pub(crate) why: &'static str,
}

/// A value that contradicts another one.
#[derive(Debug, PartialEq)]
pub struct Contradiction {
    /// The key that the fault is shown at. The file has it.
    pub(crate) key: &'static str,
    /// The message, in the words of the compile error.
    pub(crate) message: String,
}

impl Contradiction {
    pub(crate) fn new(key: &'static str, message: String) -> Self {
        Self { key, message }
    }

    /// A key that cannot stand beside others.
    pub(crate) fn exclusive(key: &'static str, others: &[&str], why: &str) -> Self {
        let names: Vec<_> = others.iter().map(|other| format!("`{other}`")).collect();
        let names = names.join(" and ");
        let message = if others.len() == 1 {
            format!("`{key}` and {names} cannot stand together: {why}; keep one")
        } else {
            format!("`{key}` cannot stand together with {names}: {why}; remove {names}")
        };
        Self { key, message }
    }
}

/// The rank of the text that a value comes from. A higher one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    FileDefault,
    FileNamed,
    EnvironmentDefault,
    EnvironmentNamed,
}

impl Level {
    /// True for the section of all names.
    pub(crate) fn is_default(self) -> bool {
        matches!(self, Self::FileDefault | Self::EnvironmentDefault)
    }
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: &'static str,
    pub(crate) value: Value,
    pub(crate) place: Place,
    /// The section, the name and the key, for faults.
    pub(crate) setting: String,
    pub(crate) level: Level,
}

/// The values of one section, or of all sections that apply to one thing.
#[derive(Clone, Debug, Default)]
pub struct SectionValues {
    pub(crate) entries: Vec<Entry>,
}

impl SectionSpec {
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.keys.iter().chain(self.own)
    }

    pub(super) fn find(&self, name: &str) -> Option<&'static Key> {
        self.all_keys().find(|key| key.name == name)
    }
}

impl SectionValues {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// The fault of a value that contradicts another one, at its place.
    pub(crate) fn fault(&self, contradiction: Contradiction) -> Option<ConfigFault> {
        let entry = self.entry(contradiction.key)?;
        let setting = entry.setting.clone();
        Some(ConfigFault::at(
            &entry.place,
            setting,
            contradiction.message,
        ))
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.entries.retain(|entry| entry.key != key);
    }

    /// Adds the values of a section that wins over those so far.
    pub(super) fn override_by(&mut self, spec: &SectionSpec, stronger: &Self) {
        for entry in &stronger.entries {
            let groups = spec.exclusive.iter();
            let replaced = groups.filter(|group| group.keys.contains(&entry.key));
            let replaced: Vec<_> = replaced.flat_map(|group| group.keys).copied().collect();
            self.entries.retain(|weaker| {
                weaker.key != entry.key
                    && (weaker.level == entry.level || !replaced.contains(&weaker.key))
            });
            self.entries.push(entry.clone());
        }
    }

    /// The keys with their values, without the places.
    pub(crate) fn contents(&self) -> Vec<(&'static str, Value)> {
        let entries = self.entries.iter();
        entries
            .map(|entry| (entry.key, entry.value.clone()))
            .collect()
    }

    pub(crate) fn count(&self, key: &str) -> Option<u32> {
        match self.entry(key)?.value {
            Value::Count(count) => Some(count),
            _ => None,
        }
    }

    pub(crate) fn time(&self, key: &str) -> Option<std::time::Duration> {
        match self.entry(key)?.value {
            Value::Time(time) => Some(time),
            _ => None,
        }
    }

    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        match self.entry(key)?.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        match self.entry(key)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    pub(crate) fn word(&self, key: &str) -> Option<&'static str> {
        match self.entry(key)?.value {
            Value::Word(word) => Some(word),
            _ => None,
        }
    }
}
