//! The uses of a thing, for a warning once a minute.

// The type is the standard library's, because its value decides over warnings only.
use std::sync::atomic::{AtomicU64, Ordering};

use super::limit::ReportLimit;

/// The uses since the last warning.
#[derive(Debug, Default)]
pub(crate) struct ReportedUses {
    count: AtomicU64,
    warnings: ReportLimit,
}

/// The facts of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsesReport {
    /// The uses since the warning before, this one included.
    pub(crate) uses: u64,
    /// The nanoseconds since the warning before.
    pub(crate) since_last: Option<u64>,
}

impl ReportedUses {
    /// Adds a use at the moment `now`. Returns a warning for the first use, and for the first one
    /// that comes a minute or more after the warning before.
    pub(crate) fn add(&self, now: u64) -> Option<UsesReport> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let report = self.warnings.due(now)?;
        Some(UsesReport {
            uses: self.count.swap(0, Ordering::Relaxed),
            since_last: report.since_last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000_000;

    #[test]
    fn a_warning_comes_at_the_first_use_and_then_once_a_minute_with_the_number() {
        let uses = ReportedUses::default();
        let warnings = [7, 8, MINUTE, 7 + MINUTE, 8 + MINUTE, 7 + 3 * MINUTE]
            .map(|now| uses.add(now).map(|it| (it.uses, it.since_last)));
        assert_eq!(
            warnings,
            [
                Some((1, None)),
                None,
                None,
                Some((3, Some(MINUTE))),
                None,
                Some((2, Some(2 * MINUTE))),
            ]
        );
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_warning() {
        let uses = ReportedUses::default();
        assert!(uses.add(2 * MINUTE).is_some());
        assert_eq!(uses.add(MINUTE), None);
    }
}
