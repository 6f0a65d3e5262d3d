//! The retries of a window, and the decision about one more.

use super::settings::{SCALE, Settings};
use super::slices::{PLACES, Slice};
use crate::reports::ReportLimit;

/// The retries that a budget has granted and refused.
#[derive(Debug, Default)]
pub(super) struct Withdrawals {
    places: [Place; PLACES],
    total: Count,
    warnings: ReportLimit,
}

/// The retries of a slice.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    slice: u32,
    count: Count,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) retries: u64,
    pub(super) refused: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Withdrawal {
    Granted,
    /// The retry is not allowed. `warns` is true at most once a minute.
    Refused {
        warns: bool,
    },
}

impl Withdrawals {
    /// Withdraws one retry, if the calls of the window allow it.
    pub(super) fn withdraw(
        &mut self,
        settings: &Settings,
        calls: u64,
        slice: Slice,
        now: u64,
    ) -> Withdrawal {
        let is_granted = self.balance(settings, calls, slice) >= SCALE;
        let count = Count {
            retries: is_granted.into(),
            refused: (!is_granted).into(),
        };
        self.add(slice, count);
        if is_granted {
            return Withdrawal::Granted;
        }
        let warns = self.warnings.due(now).is_some();
        Withdrawal::Refused { warns }
    }

    /// The part of the allowance of the window that no retry has used, in thousandths of a retry.
    pub(super) fn balance(&self, settings: &Settings, calls: u64, last: Slice) -> u64 {
        let used = self.in_window(last).retries.saturating_mul(SCALE);
        settings.allowance(calls).saturating_sub(used)
    }

    pub(super) fn in_window(&self, last: Slice) -> Count {
        let places = self.places.iter();
        places
            .filter(|place| Slice(place.slice).is_in_window_of(last))
            .fold(Count::default(), |sum, place| sum.plus(place.count))
    }

    /// The retries since the start.
    pub(super) fn total(&self) -> Count {
        self.total
    }

    fn add(&mut self, slice: Slice, count: Count) {
        self.total = self.total.plus(count);
        let Some(place) = self.places.get_mut(slice.place()) else {
            return;
        };
        // A thread that was held up for a whole window counts in the later slice that it finds.
        if place.count == Count::default() || slice.is_after(Slice(place.slice)) {
            *place = Place {
                slice: slice.0,
                count,
            };
        } else {
            place.count = place.count.plus(count);
        }
    }
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            retries: self.retries.wrapping_add(other.retries),
            refused: self.refused.wrapping_add(other.refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn settings(thousandths: u32, min_per_second: u32) -> Settings {
        Settings {
            ratio: thousandths,
            window: Duration::from_secs(10),
            min_per_second,
        }
    }

    const REFUSED: Withdrawal = Withdrawal::Refused { warns: false };

    #[test]
    fn the_budget_is_exact_for_every_ratio() {
        for hundredths in 1..=300_u32 {
            for (calls, floor) in [(0, 0), (1, 0), (7, 1), (1_000, 0), (1_000, 1), (2_003, 3)] {
                let settings = settings(hundredths * 10, floor);
                let mut withdrawals = Withdrawals::default();
                let mut retries = 0_u64;
                while withdrawals.withdraw(&settings, calls, Slice(3), 0) == Withdrawal::Granted {
                    retries += 1;
                }
                let exact = u64::from(hundredths) * calls + 1_000 * u64::from(floor);
                assert_eq!(
                    retries,
                    exact / 100,
                    "ratio 0.01 · {hundredths}, {calls} calls"
                );
                assert_eq!(
                    withdrawals.in_window(Slice(3)),
                    Count {
                        retries,
                        refused: 1
                    }
                );
            }
        }
    }

    #[test]
    fn a_withdrawal_leaves_the_window_with_its_slice() {
        let settings = settings(1_000, 0);
        let mut withdrawals = Withdrawals::default();
        let mut withdraw = |slice| withdrawals.withdraw(&settings, 1, Slice(slice), 0);
        assert_eq!(withdraw(1), Withdrawal::Granted);
        assert_ne!(withdraw(11), Withdrawal::Granted, "the window is not over");
        assert_eq!(withdraw(12), Withdrawal::Granted);
        assert_eq!(
            withdrawals.total(),
            Count {
                retries: 2,
                refused: 1
            }
        );
    }

    #[test]
    fn a_refused_withdrawal_takes_nothing() {
        let settings = settings(500, 0);
        let mut withdrawals = Withdrawals::default();
        for _ in 0..5 {
            assert_ne!(
                withdrawals.withdraw(&settings, 1, Slice(1), 0),
                Withdrawal::Granted
            );
        }
        assert_eq!(
            withdrawals.withdraw(&settings, 2, Slice(1), 0),
            Withdrawal::Granted
        );
    }

    #[test]
    fn a_warning_comes_at_most_once_a_minute() {
        let settings = settings(1, 0);
        let mut withdrawals = Withdrawals::default();
        let mut refuse =
            |seconds: u64| withdrawals.withdraw(&settings, 0, Slice(1), seconds * 1_000_000_000);
        assert_eq!(refuse(100), Withdrawal::Refused { warns: true });
        assert_eq!([refuse(100), refuse(159)], [REFUSED; 2]);
        assert_eq!(refuse(160), Withdrawal::Refused { warns: true });
        assert_eq!(refuse(161), REFUSED);
    }
}
