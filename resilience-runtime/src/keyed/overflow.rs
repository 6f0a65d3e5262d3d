//! The calls that share a circuit because their key has none.

use std::sync::atomic::{AtomicU64, Ordering};

const MINUTE: u64 = 60_000_000_000;

/// Counts the calls and says when they are to be reported.
#[derive(Debug, Default)]
pub(crate) struct OverflowCalls {
    count: AtomicU64,
    /// The moment of the next report. The first call is reported at once.
    report_at: AtomicU64,
}

impl OverflowCalls {
    /// Counts a call, and returns the number of calls so far if a report is due. There is one in a
    /// minute.
    pub(crate) fn add(&self, now: u64) -> Option<u64> {
        let calls = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let next = |at: u64| (now >= at).then(|| now.saturating_add(MINUTE));
        // One of two threads that come at once reports, because the word changes only once.
        self.report_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .ok()
            .map(|_| calls)
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_a_minute_apart_and_name_all_calls_so_far() {
        let calls = OverflowCalls::default();
        let reports = [0, 1, MINUTE - 1, MINUTE, MINUTE + 1, 3 * MINUTE].map(|now| calls.add(now));
        assert_eq!(reports, [Some(1), None, None, Some(4), None, Some(6)]);
        assert_eq!(calls.count(), 6);
    }
}
