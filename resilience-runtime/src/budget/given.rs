//! The budgets that a configuration file or deserialized settings give to retries.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::budget::RetryBudget;
use super::settings::Settings;

/// They stay for the rest of the process, because calls have references to them.
static GIVEN: Mutex<BTreeMap<Key, &'static RetryBudget>> = Mutex::new(BTreeMap::new());

/// The policy of a budget of one function alone, the name, and the ratio in thousandths.
type Key = (&'static str, String, u32);

fn given(key: Key, new: impl FnOnce(&'static str) -> RetryBudget) -> &'static RetryBudget {
    // Nothing panics under the lock.
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let name = key.1.clone();
    given
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(new(Box::leak(name.into_boxed_str())))))
}

/// The budget of the process with that name.
pub(crate) fn of_name(name: &str) -> &'static RetryBudget {
    given(("", name.to_owned(), 0), RetryBudget::process_wide)
}

/// A budget of this ratio without a name. Its first operation gives it one.
#[cfg(feature = "serde")]
pub(crate) fn of_ratio(ratio: f64) -> &'static RetryBudget {
    let key = ("", String::new(), Settings::thousandths(ratio));
    given(key, |_| RetryBudget::new().ratio(ratio))
}

/// A budget of one function alone.
#[cfg(feature = "config")]
pub(crate) fn of_function(
    policy: &'static str,
    operation: &str,
    ratio: f64,
) -> &'static RetryBudget {
    let key = (policy, operation.to_owned(), Settings::thousandths(ratio));
    given(key, |name| RetryBudget::new().ratio(ratio).name(name))
}

/// True for a ratio that a budget can have.
pub(crate) fn is_ratio(ratio: f64) -> bool {
    Settings::is_ratio(ratio)
}
