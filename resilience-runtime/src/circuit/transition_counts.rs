//! The transitions of circuits by their reason, for the metrics. The statistics of a circuit have
//! no room for them, and the circuits of a name with keys come and go, so they are counted here as
//! they happen.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::change::Entry;
use crate::scope::per_scope;

/// The transitions that can occur: the new state and the reason, as labels.
pub(crate) const TRANSITIONS: [(&str, &str); 17] = [
    ("open", "failures"),
    ("open", "rate"),
    ("open", "slow_rate"),
    ("open", "consecutive"),
    ("open", "probe_failed"),
    ("open", "fleet"),
    ("open", "command"),
    ("isolated", "command"),
    ("half_open", "recovery_elapsed"),
    ("half_open", "command"),
    ("closed", "probes_succeeded"),
    ("closed", "fleet"),
    ("closed", "command"),
    ("open", "config"),
    ("isolated", "config"),
    ("half_open", "config"),
    ("closed", "config"),
];

/// The counts of one name, in the order of [`TRANSITIONS`].
pub(crate) type TransitionCounts = [u64; TRANSITIONS.len()];

per_scope! {
    static COUNTS: LazyLock<Mutex<HashMap<String, TransitionCounts>>> =
        LazyLock::new(Mutex::default);
}

fn lock() -> MutexGuard<'static, HashMap<String, TransitionCounts>> {
    // Nothing panics under the lock.
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts a transition of a circuit of that name.
pub(super) fn count(name: &str, entry: &Entry) {
    let to = if entry.isolated {
        "isolated".to_owned()
    } else {
        entry.to.to_string()
    };
    let reason = entry.reason.to_string();
    let place = TRANSITIONS
        .iter()
        .position(|pair| *pair == (to.as_str(), reason.as_str()));
    let Some(place) = place else {
        debug_assert!(false, "no circuit becomes {to} by {reason}");
        return;
    };
    let mut counts = lock();
    let counts = match counts.get_mut(name) {
        Some(counts) => counts,
        None => counts.entry(name.to_owned()).or_default(),
    };
    if let Some(count) = counts.get_mut(place) {
        *count += 1;
    }
}

/// The transitions of that name since the start.
pub(crate) fn transition_counts(name: &str) -> TransitionCounts {
    lock().get(name).copied().unwrap_or_default()
}
