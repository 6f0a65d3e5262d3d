//! The arithmetic of a rate limit, which is the generic cell rate algorithm: each call takes one
//! cell of time, and a call is admitted if the cells taken so far do not reach too far into the
//! future. It is pure: it takes the time and returns a decision.
//!
//! A cell is `per / limit`, which is often no whole number of nanoseconds. Times are therefore
//! counted in units of which a nanosecond has `scale`, so that a cell is a whole number of units
//! and no call is admitted too early or too late.
//!
//! <https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm>

use std::time::Duration;

use crate::clock;

/// A rate in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// The units of a nanosecond.
    pub(super) scale: u64,
    /// The units of a call.
    pub(super) cell: u64,
    /// The units by which calls may be ahead of their cells: those of the burst but one.
    pub(super) tolerance: u64,
}

/// The answer to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The call is admitted after the wait, in nanoseconds. The taken cells end at this moment
    /// then.
    Admit { taken_until: u64, wait: u64 },
    /// The call would have to wait for this time, in nanoseconds.
    Refuse { wait: u64 },
    /// The moments are too far away for the units.
    TooFar,
}

/// The most units that a burst may have, so that the sum of all units fits into a word.
const MOST_UNITS: u64 = 1 << 57;

/// The largest moment, in units.
pub(super) const LAST_MOMENT: u64 = (1 << 60) - 1;

impl Rate {
    /// The rate of `limit` calls in `per`, of which `burst` may come at once.
    ///
    /// Where the units of a burst do not fit, the scale is smaller and the cell rounded up, so that
    /// the rate is never above the limit. That takes a burst of more than a day at a limit with a
    /// large factor that divides no second.
    pub(super) fn new(limit: u32, per: Duration, burst: u32) -> Self {
        let (limit, per) = (u64::from(limit), clock::nanos(per).min(MOST_UNITS));
        let common = greatest_common_divisor(limit, per);
        let (mut scale, mut cell) = (limit / common, per / common);
        while scale > 1 && u128::from(cell) * u128::from(burst) > u128::from(MOST_UNITS) {
            scale = scale.div_ceil(2);
            let exact = (u128::from(per) * u128::from(scale)).div_ceil(u128::from(limit));
            cell = u64::try_from(exact).unwrap_or(u64::MAX);
            if scale == 2 && u128::from(cell) * u128::from(burst) > u128::from(MOST_UNITS) {
                (scale, cell) = (1, per.div_ceil(limit));
            }
        }
        Self {
            scale,
            cell,
            tolerance: cell.saturating_mul(u64::from(burst) - 1).min(MOST_UNITS),
        }
    }

    /// Decides over a call that comes `now` nanoseconds after the base. The cells of the calls
    /// before end at `taken_until`, in units after the base.
    #[inline]
    pub(super) fn decide(self, taken_until: u64, now: u64, max_wait: u64) -> Decision {
        let Some(now) = now.checked_mul(self.scale).filter(|now| *now < MOST_UNITS) else {
            return Decision::TooFar;
        };
        // Cells of the past are lost.
        let start = taken_until.max(now);
        let (next, latest) = (start + self.cell, now + self.tolerance);
        if start <= latest {
            return Decision::Admit {
                taken_until: next,
                wait: 0,
            };
        }
        // The wait ends with the nanosecond in which the call is admitted.
        let wait = (start - latest).div_ceil(self.scale);
        if wait > max_wait {
            Decision::Refuse { wait }
        } else if next > LAST_MOMENT {
            Decision::TooFar
        } else {
            Decision::Admit {
                taken_until: next,
                wait,
            }
        }
    }

    /// Moves the end of the taken cells to another base, `passed` nanoseconds later, and to another
    /// rate. The moment stays the same, rounded up, but not so late that the units do not hold it.
    pub(super) fn moved(self, taken_until: u64, passed: u64, to: Self) -> u64 {
        let passed = u128::from(passed) * u128::from(self.scale);
        let left = u128::from(taken_until).saturating_sub(passed);
        let moved = (left * u128::from(to.scale)).div_ceil(u128::from(self.scale));
        u64::try_from(moved).unwrap_or(u64::MAX).min(LAST_MOMENT)
    }

    /// The nanoseconds from the base until no cell is taken.
    pub(super) fn idle_after(self, taken_until: u64) -> u64 {
        taken_until.div_ceil(self.scale)
    }
}

fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one.max(1)
}
