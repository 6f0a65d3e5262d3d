//! A call of a listener breaks no call of the program: a panic ends here, and a slow listener is
//! found out.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        LazyLock,
        // The type is the standard library's, because its value decides over reports only.
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::unwind::discard;

/// A listener that takes longer is reported.
const SLOW: Duration = Duration::from_millis(10);

/// The time between two reports of one thing.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// A listener has to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Panicked,
    Slow { took: Duration },
}

/// Calls a listener. The time is real time, because a listener that blocks blocks a real thread,
/// even if a test pauses the clock of circuits and timeouts.
pub(crate) fn call_listener(last_slow: &LastReport, listener: impl FnOnce()) -> Option<Fault> {
    let start = Instant::now();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(listener)) {
        discard(panic);
        return Some(Fault::Panicked);
    }
    let took = start.elapsed();
    (took > SLOW && last_slow.is_due()).then_some(Fault::Slow { took })
}

/// The moment of the last report of one thing, so that it is reported once per minute.
#[derive(Debug)]
pub(crate) struct LastReport(AtomicU64);

const NEVER_REPORTED: u64 = u64::MAX;

impl LastReport {
    pub(crate) const fn never() -> Self {
        Self(AtomicU64::new(NEVER_REPORTED))
    }

    /// Returns true if a report is due now, and takes it as made.
    pub(crate) fn is_due(&self) -> bool {
        static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
        self.is_due_at(EPOCH.elapsed())
    }

    fn is_due_at(&self, now: Duration) -> bool {
        let now = u64::try_from(now.as_millis()).unwrap_or(NEVER_REPORTED);
        let interval = u64::try_from(REPORT_INTERVAL.as_millis()).unwrap_or(NEVER_REPORTED);
        let next = |last: u64| {
            let is_due = last == NEVER_REPORTED || now.saturating_sub(last) >= interval;
            is_due.then_some(now)
        };
        // One of two threads that come at once reports, because the word changes only once.
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::{panic::resume_unwind, thread::sleep};

    use super::*;

    #[test]
    fn a_quick_listener_is_not_reported_and_a_panic_is() {
        let last = LastReport::never();
        assert_eq!(
            call_listener(&last, || resume_unwind(Box::new("expected"))),
            Some(Fault::Panicked)
        );
        assert!(last.is_due(), "a panic is no report of slowness");
    }

    #[test]
    fn a_slow_listener_is_reported_once_per_minute() {
        let last = LastReport::never();
        let slow = || call_listener(&last, || sleep(SLOW + Duration::from_millis(1)));
        assert!(matches!(slow(), Some(Fault::Slow { took }) if took > SLOW));
        assert_eq!(slow(), None);
    }

    #[test]
    fn reports_are_a_minute_apart() {
        let last = LastReport::never();
        let due = [0, 1, 59_999, 60_000, 60_001, 119_999, 120_000]
            .map(|millis| last.is_due_at(Duration::from_millis(millis)));
        assert_eq!(due, [true, false, false, true, false, false, true]);
    }
}
