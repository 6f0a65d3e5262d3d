//! A count that the log tells of at most once in a minute.

use std::sync::atomic::{AtomicU64, Ordering};

const MINUTE: u64 = 60_000_000_000;

/// Counts the calls and says when they are to be reported.
#[derive(Debug, Default)]
pub(crate) struct ReportedCount {
    count: AtomicU64,
    /// The moment of the next report. The first one is at once.
    report_at: AtomicU64,
}

impl ReportedCount {
    /// Counts one, and returns the count so far if a report is due. There is one in a minute.
    pub(crate) fn add(&self, now: u64) -> Option<u64> {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let next = |at: u64| (now >= at).then(|| now.saturating_add(MINUTE));
        // One of two threads that come at once reports, because the word changes only once.
        self.report_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .ok()
            .map(|_| count)
    }

    pub(crate) fn get(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_a_minute_apart_and_name_the_whole_count() {
        let count = ReportedCount::default();
        let reports = [0, 1, MINUTE - 1, MINUTE, MINUTE + 1, 3 * MINUTE].map(|now| count.add(now));
        assert_eq!(reports, [Some(1), None, None, Some(4), None, Some(6)]);
        assert_eq!(count.get(), 6);
    }
}
