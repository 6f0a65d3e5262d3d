//! The budgets of the process, by name.

use super::counts::Counts;
use super::settings::Settings;
use super::stats::RetryBudgetStats;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Table = BTreeMap<&'static str, &'static Counts>;

static BUDGETS: Mutex<Table> = Mutex::new(Table::new());

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
    budgets()
        .entry(name)
        .or_insert_with(|| leak(Counts::new(name, settings)))
}

/// A new budget. It is found by its name, unless another one has the name: then the second value is
/// false.
pub(super) fn create(name: &'static str, settings: Settings) -> (&'static Counts, bool) {
    match budgets().entry(name) {
        Entry::Vacant(vacant) => (vacant.insert(leak(Counts::new(name, settings))), true),
        Entry::Occupied(_) => (leak(Counts::new(name, settings)), false),
    }
}

/// Makes a budget known before a function uses it. False if another budget has the name.
pub(super) fn register(name: &str, settings: Settings) -> bool {
    let mut budgets = budgets();
    if budgets.contains_key(name) {
        return false;
    }
    let name: &'static str = Box::leak(name.into());
    budgets.insert(name, leak(Counts::new(name, settings)));
    true
}

/// The attributes keep references to the counts, so the counts live as long as the process.
fn leak(counts: Counts) -> &'static Counts {
    Box::leak(Box::new(counts))
}
