//! The uses of the fallbacks of one operation, for a warning once a minute.

use std::mem;

use crate::report_limit::ReportLimit;

/// The uses since the last warning.
#[derive(Debug, Default)]
pub(super) struct Uses {
    count: u64,
    warnings: ReportLimit,
}

/// The facts of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Warning {
    /// The uses since the warning before, this one included.
    pub(super) uses: u64,
    /// The nanoseconds since the warning before.
    pub(super) since_last: Option<u64>,
}

impl Uses {
    /// Adds a use at the moment `now`. Returns a warning for the first use, and for the first one
    /// that comes a minute or more after the warning before.
    pub(super) fn add(&mut self, now: u64) -> Option<Warning> {
        self.count += 1;
        let report = self.warnings.due(now)?;
        Some(Warning {
            uses: mem::take(&mut self.count),
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
        let mut uses = Uses::default();
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
        let mut uses = Uses::default();
        assert!(uses.add(2 * MINUTE).is_some());
        assert_eq!(uses.add(MINUTE), None);
    }
}
