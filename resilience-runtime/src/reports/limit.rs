//! The limit for reports of a thing that may happen often: one in a minute.

// The type is the standard library's, because its value decides over reports only.
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::NEVER;

const MINUTE: u64 = 60_000_000_000;

/// The moment of the latest report of one thing, so that it is reported once in a minute.
#[derive(Debug)]
pub(crate) struct ReportLimit(AtomicU64);

/// A report that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// The nanoseconds since the report before.
    pub(crate) since_last: Option<u64>,
}

impl Default for ReportLimit {
    fn default() -> Self {
        Self::new()
    }
}

impl ReportLimit {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    /// Returns the report if one is due at `now`, and takes it as made. The first one is due at
    /// once. One of two threads that come at once gets it.
    pub(crate) fn due(&self, now: u64) -> Option<Report> {
        let is_due = |last: u64| last == NEVER || now.saturating_sub(last) >= MINUTE;
        let next = |last: u64| is_due(last).then_some(now);
        let last = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .ok()?;
        let since_last = (last != NEVER).then(|| now.saturating_sub(last));
        Some(Report { since_last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_a_minute_apart() {
        let limit = ReportLimit::new();
        let due = [7, 8, MINUTE + 6, MINUTE + 7, MINUTE + 8, 3 * MINUTE + 7]
            .map(|now| limit.due(now).map(|report| report.since_last));
        let later = |minutes| Some(Some(minutes * MINUTE));
        assert_eq!(due, [Some(None), None, None, later(1), None, later(2)]);
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_report() {
        let limit = ReportLimit::new();
        assert!(limit.due(2 * MINUTE).is_some());
        assert_eq!(limit.due(MINUTE), None);
    }

    #[test]
    fn one_of_many_threads_reports() {
        let limit = ReportLimit::new();
        let reports = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| limit.due(MINUTE))).collect();
            let reports = threads
                .into_iter()
                .filter_map(|thread| thread.join().expect("no panic"));
            reports.count()
        });
        assert_eq!(reports, 1);
    }
}
