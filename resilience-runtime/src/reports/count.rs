//! A count that the log tells of at most once in a minute.

use std::sync::atomic::{AtomicU64, Ordering};

use super::limit::ReportLimit;

/// Counts the calls and says when they are to be reported.
#[derive(Debug, Default)]
pub(crate) struct ReportedCount {
    count: AtomicU64,
    limit: ReportLimit,
}

impl ReportedCount {
    /// Counts one, and returns the count so far if a report is due. There is one in a minute.
    pub(crate) fn add(&self, now: u64) -> Option<u64> {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        self.limit.due(now).map(|_| count)
    }

    pub(crate) fn get(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000_000;

    #[test]
    fn reports_are_a_minute_apart_and_name_the_whole_count() {
        let count = ReportedCount::default();
        let reports = [0, 1, MINUTE - 1, MINUTE, MINUTE + 1, 3 * MINUTE].map(|now| count.add(now));
        assert_eq!(reports, [Some(1), None, None, Some(4), None, Some(6)]);
        assert_eq!(count.get(), 6);
    }
}
