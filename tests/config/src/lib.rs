//! Helpers of the tests of the configuration file.

use std::sync::{Mutex, MutexGuard, PoisonError};

use resilience::config::{self, Applied, ConfigErrors};
use resilience::{ResolvedSetting, Source};

static ALONE: Mutex<()> = Mutex::new(());

/// The process has one configuration, so the tests of one binary take turns. The configuration is
/// empty at the beginning and at the end of a turn.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "it is held")] MutexGuard<'static, ()>);

impl Turn {
    /// Waits for the turn.
    ///
    /// # Panics
    /// If the empty configuration is refused.
    #[must_use]
    pub fn begin() -> Self {
        let turn = Self(ALONE.lock().unwrap_or_else(PoisonError::into_inner));
        config::apply("").expect("empty");
        turn
    }

    /// Applies a text.
    ///
    /// # Errors
    /// The faults of the text.
    pub fn apply(&self, text: &str) -> Result<Applied, ConfigErrors> {
        config::apply(text)
    }

    /// Applies a text without a fault.
    ///
    /// # Panics
    /// With the faults of the text.
    #[track_caller]
    pub fn set(&self, text: &str) -> Applied {
        config::apply(text).unwrap_or_else(|errors| panic!("{errors}"))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = config::apply("");
    }
}

/// The value of a setting of a name, and the place that it comes from.
///
/// # Panics
/// If the name has no such setting.
#[must_use]
#[track_caller]
pub fn setting(name: &str, policy: &str, setting: &str) -> (String, Source) {
    let settings = config::describe(name);
    let is_it = |one: &&ResolvedSetting| one.policy == policy && one.setting == setting;
    let found = settings.iter().find(is_it);
    let Some(found) = found else {
        panic!("no {policy} {setting} in {settings:?}")
    };
    (found.value.clone(), found.source.clone())
}
