//! The histogram of the durations of attempts. It is recorded while calls run, so it is off unless
//! the program asks for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use metrics::with_recorder;

use super::catalogue::ATTEMPT_DURATION;
use super::labels::{LabelValues, warn_of_overflow};
use super::sink::record;

static ARE_RECORDED: AtomicBool = AtomicBool::new(false);

/// The operations that have durations.
static OPERATIONS: LazyLock<Mutex<LabelValues>> =
    LazyLock::new(|| Mutex::new(LabelValues::new("operation")));

/// Switches the histogram `resilience_attempt_duration_seconds` on or off. It is off by default.
///
/// It has the labels `operation` and `outcome`, `success` or `failure`, and a record for each attempt
/// of a `#[retry]`, from the moment at which the attempt was due. It costs each attempt a reading of
/// the clock at its start and at its end and what the recorder takes, some hundred nanoseconds with
/// Prometheus. A call that began before it was switched on is not recorded.
///
/// ```
/// resilience::metrics::record_durations(true);
/// ```
pub fn record_durations(on: bool) {
    ARE_RECORDED.store(on, Ordering::Relaxed);
}

#[inline]
pub(crate) fn are_durations_recorded() -> bool {
    ARE_RECORDED.load(Ordering::Relaxed)
}

pub(crate) fn record_duration(operation: &str, outcome: &str, duration: Duration) {
    let (operation, is_first_beyond) = {
        // Nothing panics under the lock.
        let mut values = OPERATIONS.lock().unwrap_or_else(PoisonError::into_inner);
        (values.bounded(operation), values.is_first_beyond())
    };
    if is_first_beyond {
        warn_of_overflow("operation");
    }
    let labels = [("operation", operation), ("outcome", outcome)];
    with_recorder(|recorder| record(recorder, &ATTEMPT_DURATION, &labels, duration));
}
