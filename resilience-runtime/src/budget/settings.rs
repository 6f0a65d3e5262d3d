//! The numbers of a budget, and the rules that they keep.

use crate::settings::{Rule, rule};
use core::time::Duration;

pub(super) const RATIO: Rule = rule!(
    "ratio",
    "must be from 0.001 to 1000: it says how many retries each call allows, like 0.2"
);
pub(super) const WINDOW: Rule = rule!("window", "must be from 1 second to 10 minutes, like 10 s");

/// The unit of balances. A ratio has three decimal places, so that 0.35 stays 0.35: budgets in
/// whole tokens round it to 0.5.
pub(super) const SCALE: u64 = 1_000;

const SHORTEST_WINDOW: Duration = Duration::from_secs(1);
const LONGEST_WINDOW: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// The retries that each call allows, in thousandths.
    pub(super) ratio: u32,
    pub(super) window: Duration,
    pub(super) min_per_second: u32,
}

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        ratio: 200,
        window: Duration::from_secs(10),
        min_per_second: 1,
    };

    /// The ratio in thousandths, rounded to the nearest one.
    ///
    /// # Panics
    /// If `ratio` is outside of the rule, or not a number.
    #[track_caller]
    pub(super) const fn thousandths(ratio: f64) -> u32 {
        RATIO.require(Self::is_ratio(ratio));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the rule allows at most a million thousandths"
        )]
        let thousandths = (ratio * 1_000.0 + 0.5) as u32;
        thousandths
    }

    pub(super) const fn is_ratio(ratio: f64) -> bool {
        ratio >= 0.001 && ratio <= 1_000.0
    }

    pub(super) const fn is_window(window: Duration) -> bool {
        let nanos = window.as_nanos();
        SHORTEST_WINDOW.as_nanos() <= nanos && nanos <= LONGEST_WINDOW.as_nanos()
    }

    /// The retries that a window with these calls allows, in thousandths.
    pub(super) fn allowance(&self, calls: u64) -> u64 {
        let deposits = calls.saturating_mul(self.ratio.into());
        deposits.saturating_add(self.floor())
    }

    /// The retries that a window without a call allows, in thousandths.
    fn floor(&self) -> u64 {
        let millis = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        // A second has as many milliseconds as a retry has thousandths.
        const { assert!(SCALE == 1_000) };
        millis.saturating_mul(self.min_per_second.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_rounded_to_thousandths_and_not_further() {
        for hundredths in 1..=300_u32 {
            let ratio = f64::from(hundredths) / 100.0;
            assert_eq!(Settings::thousandths(ratio), hundredths * 10, "{ratio}");
        }
        assert_eq!(Settings::thousandths(0.001), 1);
        assert_eq!(Settings::thousandths(1_000.0), 1_000_000);
    }

    #[test]
    fn a_ratio_without_a_meaning_panics_with_the_rule() {
        for ratio in [0.0, -0.1, f64::NAN, f64::INFINITY, 1_000.1, 0.000_9] {
            let panic = std::panic::catch_unwind(|| Settings::thousandths(ratio))
                .expect_err("the ratio has no meaning");
            let text = panic.downcast_ref::<String>().expect("a sentence");
            assert_eq!(*text, RATIO.sentence, "{ratio}");
        }
    }

    #[test]
    fn the_floor_is_the_rate_times_the_window() {
        let settings = Settings {
            window: Duration::from_millis(1_500),
            min_per_second: 3,
            ..Settings::DEFAULT
        };
        assert_eq!(settings.allowance(0), 4_500);
        assert_eq!(settings.allowance(10), 6_500);
        assert_eq!(settings.allowance(u64::MAX), u64::MAX);
    }
}
