//! A call of a listener breaks no call of the program: a panic ends here, and a slow listener is
//! found out.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use crate::{clock, reports::ReportLimit, unwind::discard};

/// A listener that takes longer is reported.
const SLOW: Duration = Duration::from_millis(10);

/// A listener has to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Panicked,
    Slow { took: Duration },
}

/// Calls a listener. The time is real time, because a listener that blocks blocks a real thread,
/// even if a test pauses the clock of circuits and timeouts.
pub(crate) fn call_listener(slow_reports: &ReportLimit, listener: impl FnOnce()) -> Option<Fault> {
    let start = Instant::now();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(listener)) {
        discard(panic);
        return Some(Fault::Panicked);
    }
    let took = start.elapsed();
    (took > SLOW && slow_reports.due(clock::now()).is_some()).then_some(Fault::Slow { took })
}

#[cfg(test)]
mod tests {
    use std::{panic::resume_unwind, thread::sleep};

    use super::*;

    #[test]
    fn a_quick_listener_is_not_reported_and_a_panic_is() {
        let reports = ReportLimit::new();
        assert_eq!(
            call_listener(&reports, || resume_unwind(Box::new("expected"))),
            Some(Fault::Panicked)
        );
        assert!(
            reports.due(clock::now()).is_some(),
            "a panic is no report of slowness"
        );
    }

    #[test]
    fn a_slow_listener_is_reported_once_per_minute() {
        let reports = ReportLimit::new();
        let slow = || call_listener(&reports, || sleep(SLOW + Duration::from_millis(1)));
        assert!(matches!(slow(), Some(Fault::Slow { took }) if took > SLOW));
        assert_eq!(slow(), None);
    }
}
