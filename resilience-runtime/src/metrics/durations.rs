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

/// The program asked for durations. The configuration file may say otherwise.
#[cfg(feature = "config")]
static IS_ASKED_FOR: AtomicBool = AtomicBool::new(false);

/// The configuration file says if durations are recorded.
#[cfg(feature = "config")]
static IS_IN_FILE: AtomicBool = AtomicBool::new(false);

/// Lets the configuration file switch the durations, or gives the switch back to the program.
#[cfg(feature = "config")]
pub(super) fn set_durations_in_file(on: Option<bool>) {
    IS_IN_FILE.store(on.is_some(), Ordering::Relaxed);
    let on = on.unwrap_or_else(|| IS_ASKED_FOR.load(Ordering::Relaxed));
    ARE_RECORDED.store(on, Ordering::Relaxed);
}

/// The operations that have durations.
static OPERATIONS: LazyLock<Mutex<LabelValues>> =
    LazyLock::new(|| Mutex::new(LabelValues::new("operation")));

/// Switches the histogram `resilience_attempt_duration_seconds` on or off. It is off by default.
///
/// It has the labels `operation` and `outcome`, `success` or `failure`, and a record for each
/// attempt of a `#[retry]`, from the moment at which the attempt was due. It costs each attempt a
/// reading of the clock at its start and at its end and what the recorder takes, some hundred
/// nanoseconds with Prometheus. A call that began before it was switched on is not recorded.
///
/// ```
/// resilience::metrics::record_durations(true);
/// ```
///
/// With the feature `config`, `[metrics] durations` in the configuration file wins over the call.
pub fn record_durations(on: bool) {
    #[cfg(feature = "config")]
    {
        IS_ASKED_FOR.store(on, Ordering::Relaxed);
        let is_in_file = IS_IN_FILE.load(Ordering::Relaxed);
        if !is_in_file {
            ARE_RECORDED.store(on, Ordering::Relaxed);
        }
    }
    #[cfg(not(feature = "config"))]
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
