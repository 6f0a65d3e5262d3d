//! The switch of the histograms. They are recorded while calls run, so they are off unless the
//! program asks for them.

use std::sync::atomic::{AtomicBool, Ordering};

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

/// Switches the histograms on or off. They are off by default.
///
/// `resilience_attempt_duration_seconds` has the labels `operation` and `outcome`, `success` or
/// `failure`, and a record for each attempt of a `#[retry]`, from the moment at which the attempt
/// was due. `resilience_retry_delay_seconds` has the label `operation`, and a record for each call
/// that waited before another attempt: the sum of its waits, as the retry decided on them, at the
/// end of the call. A call that is dropped while it waits has none.
///
/// They cost each attempt a reading of the clock at its start and at its end and what the recorder
/// takes, some hundred nanoseconds with Prometheus. A call that began before they were switched on
/// is not recorded.
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
