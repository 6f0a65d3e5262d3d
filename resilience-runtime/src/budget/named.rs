//! The budgets of the process, by name.

use super::counts::Counts;
use super::settings::Settings;
use super::stats::RetryBudgetStats;
use crate::by_name::NameTable;
#[cfg(feature = "config")]
use crate::operation::ResolvedSetting;
use crate::scope::per_scope;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Table = NameTable<&'static Counts>;

per_scope! {
    static BUDGETS: Mutex<Table> = Mutex::new(Table::new());
}

fn budgets() -> MutexGuard<'static, Table> {
    // Nothing panics under the lock.
    BUDGETS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The statistics of the budget of that name.
pub(crate) fn stats(name: &str) -> Option<RetryBudgetStats> {
    let counts = budgets().get(name).copied()?;
    Some(counts.stats())
}

/// The statistics of all budgets, in the order of their names.
pub(crate) fn all_stats() -> Vec<RetryBudgetStats> {
    let all: Vec<_> = budgets().values().copied().collect();
    all.into_iter().map(Counts::stats).collect()
}

/// The budget of that name, and a new one if there is none.
pub(super) fn find_or_create(name: &'static str, settings: Settings) -> &'static Counts {
    under_file(|file| {
        let mut budgets = budgets();
        let new = || leak_in_file(Counts::new(name, settings), file);
        *budgets.get_or_insert_with(name, new)
    })
}

/// A new budget. It is found by its name, unless another one has the name: then the second value is
/// false.
pub(super) fn create(name: &'static str, settings: Settings) -> (&'static Counts, bool) {
    under_file(|file| {
        let counts = Counts::new(name, settings);
        let mut budgets = budgets();
        if budgets.get(name).is_some() {
            return (leak(counts), false);
        }
        let new = || leak_in_file(counts, file);
        (*budgets.get_or_insert_with(name, new), true)
    })
}

/// Makes a budget known before a function uses it. False if another budget has the name.
pub(super) fn register(name: &str, settings: Settings) -> bool {
    under_file(|file| {
        let mut budgets = budgets();
        if budgets.get(name).is_some() {
            return false;
        }
        let name: &'static str = Box::leak(name.into());
        budgets.get_or_insert_with(name, || leak_in_file(Counts::new(name, settings), file));
        true
    })
}

/// The attributes keep references to the counts, so the counts live as long as the process.
fn leak(counts: Counts) -> &'static Counts {
    Box::leak(Box::new(counts))
}

/// The values of the configuration file, if the crate has one.
#[cfg(feature = "config")]
type File<'a> = &'a crate::file::Current;
#[cfg(not(feature = "config"))]
type File<'a> = &'a ();

/// Calls `f` while no other configuration file is applied.
fn under_file<R>(f: impl FnOnce(File<'_>) -> R) -> R {
    #[cfg(feature = "config")]
    let file = crate::file::current();
    #[cfg(not(feature = "config"))]
    let file = ();
    f(&file)
}

/// Does the same as [`leak`], with the values of the configuration file.
fn leak_in_file(counts: Counts, file: File<'_>) -> &'static Counts {
    #[cfg(feature = "config")]
    super::file::begin(&counts, file);
    #[cfg(not(feature = "config"))]
    let () = *file;
    leak(counts)
}

/// Gives all budgets the values of a file.
#[cfg(feature = "config")]
pub(crate) fn hold(values: &crate::file::Values) {
    // Nothing is done with a budget under the lock of all.
    let all: Vec<_> = budgets().values().copied().collect();
    for counts in all {
        super::file::reconfigure(counts, values);
    }
}

/// True if a budget has the name.
#[cfg(feature = "config")]
pub(crate) fn is_used(name: &str) -> bool {
    budgets().get(name).is_some()
}

/// The settings of the budget of that name.
#[cfg(feature = "config")]
pub(crate) fn describe(name: &str) -> Vec<ResolvedSetting> {
    let counts = budgets().get(name).copied();
    counts.map_or_else(Vec::new, super::file::describe)
}
