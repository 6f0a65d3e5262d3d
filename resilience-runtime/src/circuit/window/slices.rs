//! The calls of a time and the marked ones among them, by slice of the time.

const SLICES: u8 = 12;

/// The length of a slice of a window.
pub(super) fn width(window: u64) -> u64 {
    (window / u64::from(SLICES)).max(1)
}

/// The limit is so low that the total over all slices fits, too. A slice that is full (71 million
/// calls a second in the default window) stops counting and keeps its share.
const SLICE_LIMIT: u32 = u32::MAX / SLICES as u32;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    calls: u32,
    marked: u32,
}

#[derive(Debug, Default)]
struct Ring {
    slices: [Slice; SLICES as usize],
    total: Slice,
}

/// The calls and the marked calls in each twelfth of the window. The running slice is one of the
/// twelve, so no call that is older than the window counts.
#[derive(Debug, Default)]
pub(crate) struct Slices {
    /// The slices are in a box, so that the many circuits with a threshold do not carry them.
    ring: Box<Ring>,
    newest: u64,
    /// The number of all successes when they were taken over last.
    taken: u64,
}

impl Slices {
    /// Counts the successes since they were taken over last, out of all `successes`, as calls
    /// without a mark in the newest slice.
    pub(super) fn take_over(&mut self, successes: u64) {
        let calls = u32::try_from(successes.wrapping_sub(self.taken)).unwrap_or(u32::MAX);
        self.taken = successes;
        self.count(calls, 0);
    }

    /// Leaves those successes out.
    pub(super) fn skip(&mut self, successes: u64) {
        self.taken = successes;
    }

    /// Counts one call. The caller counts a success among all successes, too.
    pub(super) fn record(&mut self, is_marked: bool, is_success: bool) {
        self.taken = self.taken.wrapping_add(is_success.into());
        self.count(1, is_marked.into());
    }

    fn count(&mut self, calls: u32, marked: u32) {
        let Ring { slices, total } = &mut *self.ring;
        let slice = &mut slices[index_of(self.newest)];
        let calls = calls.min(SLICE_LIMIT - slice.calls);
        let marked = marked.min(calls);
        slice.calls += calls;
        slice.marked += marked;
        total.calls += calls;
        total.marked += marked;
    }

    /// The number of calls, and of the marked ones.
    pub(super) fn total(&self) -> (u32, u32) {
        let Slice { calls, marked } = self.ring.total;
        (calls, marked)
    }

    /// The moment that ends the running slice.
    pub(super) fn turns_at(&self, width: u64) -> u64 {
        (self.newest + 1).saturating_mul(width)
    }

    /// Makes the slice of `now` the newest and drops the slices that slid out.
    ///
    /// A moment before the newest slice counts in the newest, because a clock that went back must
    /// neither bring old slices back nor lose a call.
    pub(super) fn turn(&mut self, now: u64, width: u64) {
        if now < self.turns_at(width) {
            return;
        }
        let Ring { slices, total } = &mut *self.ring;
        let passed = now / width - self.newest;
        for step in 1..=passed.min(SLICES.into()) {
            let slice = std::mem::take(&mut slices[index_of(self.newest + step)]);
            total.calls -= slice.calls;
            total.marked -= slice.marked;
        }
        self.newest += passed;
    }

    /// The moment from which no slice holds a call, if none comes.
    pub(super) fn empty_at(&self, width: u64) -> u64 {
        let holds_calls = |slice: &u64| self.ring.slices[index_of(*slice)].calls > 0;
        let mut slices = (0..u64::from(SLICES)).filter_map(|age| self.newest.checked_sub(age));
        let newest = slices.find(holds_calls);
        newest.map_or(0, |slice| (slice + u64::from(SLICES)).saturating_mul(width))
    }

    pub(super) fn clear(&mut self) {
        *self.ring = Ring::default();
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
fn index_of(slice: u64) -> usize {
    (slice % u64::from(SLICES)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_slice_keeps_its_share() {
        let mut slices = Slices::default();
        slices.turn(1 << 62, 100);
        let full = Slice {
            calls: SLICE_LIMIT,
            marked: SLICE_LIMIT / 2,
        };
        let total = Slice {
            calls: full.calls * u32::from(SLICES),
            marked: full.marked * u32::from(SLICES),
        };
        *slices.ring = Ring {
            slices: [full; SLICES as usize],
            total,
        };
        slices.record(true, false);
        slices.take_over(1_000_000);
        assert_eq!(slices.ring.total, total);
    }

    #[test]
    fn the_slices_take_a_hundred_bytes() {
        assert_eq!(size_of::<Ring>(), 104);
    }
}
