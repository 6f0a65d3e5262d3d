//! Time in slices: a window is ten of them.

/// The slices that a window consists of.
const SLICES: u64 = 10;

/// The slices for which there are counts. A power of two is more than the window has, and a slice
/// then finds its place without a division.
pub(super) const PLACES: usize = 16;

/// The slices between two windows of different length: more than there are places.
#[cfg(feature = "config")]
const BETWEEN_WINDOWS: u32 = 32;

/// Divides time into slices of a tenth of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slices {
    /// 2⁶⁴ divided by the nanoseconds of a slice. A multiplication by it is a division by them,
    /// and takes a fifth of the time. It is rounded down, so a slice is never shorter than a tenth
    /// of the window.
    reciprocal: u64,
    /// Is added to the number of each slice. It is 0 for the first window of a budget.
    offset: u32,
}

impl Slices {
    /// `window` is in nanoseconds, and at least ten.
    pub(super) fn of(window: u64) -> Self {
        let slice = u128::from(window / SLICES).max(2);
        // At least 2, so the quotient fits.
        let reciprocal = u64::try_from((1_u128 << 64) / slice).unwrap_or(u64::MAX);
        Self {
            reciprocal,
            offset: 0,
        }
    }

    /// Divides the time from `now` on by another window. Its first slice follows all slices of the
    /// window before, so that their counts do not lie in it.
    #[cfg(feature = "config")]
    pub(super) fn changed_to(self, window: u64, now: u64) -> Self {
        let new = Self::of(window);
        let next = self.at(now).0.wrapping_add(BETWEEN_WINDOWS);
        Self {
            offset: next.wrapping_sub(new.at(now).0),
            ..new
        }
    }

    #[inline]
    pub(super) fn at(self, now: u64) -> Slice {
        let number = (u128::from(now) * u128::from(self.reciprocal)) >> 64;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "slices are compared by their distance, and 2³² slices of 0.1 s are 13 years"
        )]
        Slice((number as u32).wrapping_add(self.offset))
    }
}

/// The number of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice(pub(super) u32);

impl Slice {
    #[inline]
    pub(super) fn place(self) -> usize {
        self.0 as usize % PLACES
    }

    /// True if counts of this slice lie in the window that ends with `last`. They count until their
    /// youngest is as old as the window, so the oldest is up to one slice older.
    pub(super) fn is_in_window_of(self, last: Self) -> bool {
        if self.is_after(last) {
            // The clocks of two threads differ a little.
            return (self.0.wrapping_sub(last.0) as usize) < PLACES;
        }
        u64::from(last.0.wrapping_sub(self.0)) <= SLICES
    }

    #[inline]
    pub(super) fn is_after(self, other: Self) -> bool {
        self.0.wrapping_sub(other.0).wrapping_sub(1) < u32::MAX / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_slice_is_a_tenth_of_the_window_and_never_shorter() {
        let slices = Slices::of(10 * SECOND);
        let start = 1_u64 << 62;
        let first = slices.at(start);
        let next = (0..=SECOND + 1)
            .rev()
            .step_by(1_000)
            .map(|later| slices.at(start + later));
        assert!(
            next.into_iter()
                .all(|slice| slice == first || slice == Slice(first.0 + 1))
        );
        let in_a_day = slices.at(start + 86_400 * SECOND);
        assert!(in_a_day.0 - first.0 <= 86_400, "slices are not shorter");
        assert!(
            in_a_day.0 - first.0 >= 86_399,
            "slices are not noticeably longer"
        );
    }

    #[test]
    fn a_slice_leaves_when_its_youngest_count_is_as_old_as_the_window() {
        let slice = Slice(7);
        for (last, is_in) in [
            (7, true),
            (17, true),
            (18, false),
            (6, true),
            (u32::MAX, true),
        ] {
            assert_eq!(slice.is_in_window_of(Slice(last)), is_in, "{last}");
        }
        assert!(
            !Slice(7).is_in_window_of(Slice(7_u32.wrapping_sub(16))),
            "too far ahead"
        );
        assert!(
            Slice(u32::MAX - 2).is_in_window_of(Slice(3)),
            "the numbers wrap"
        );
    }

    #[test]
    fn numbers_that_wrap_keep_their_order() {
        assert!(Slice(1).is_after(Slice(0)));
        assert!(Slice(0).is_after(Slice(u32::MAX)));
        assert!(!Slice(5).is_after(Slice(5)));
        assert!(!Slice(4).is_after(Slice(5)));
    }
}
