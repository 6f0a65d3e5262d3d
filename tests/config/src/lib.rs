//! Helpers of the tests of the configuration file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, fs};

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

/// The folder of the goldens.
#[must_use]
pub fn faults() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("faults")
}

/// Compares a report with `faults/NAME.txt`, or writes that file with `BLESS=1`. The result says
/// how they differ.
///
/// # Errors
/// The report, if it is another one than the golden.
///
/// # Panics
/// If the golden cannot be written.
pub fn golden(name: &str, report: &str) -> Result<(), String> {
    let path = faults().join(name).with_extension("txt");
    let report = format!("{}\n", report.trim_end());
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &report).expect("writable");
    }
    if fs::read_to_string(&path).unwrap_or_default() == report {
        Ok(())
    } else {
        Err(format!("{}:\n{report}", path.display()))
    }
}

/// The names of the goldens' inputs with that extension, sorted.
///
/// # Panics
/// If the folder cannot be read.
#[must_use]
pub fn cases(folder: &str, extension: &str) -> Vec<String> {
    let files = fs::read_dir(faults().join(folder)).expect("faults/");
    let names = files.map(|file| file.expect("readable").file_name());
    let stems = names.filter_map(|name| {
        let (stem, ending) = name.to_str()?.rsplit_once('.')?;
        (ending == extension).then(|| stem.to_owned())
    });
    let mut stems: Vec<_> = stems.collect();
    stems.sort();
    stems
}
