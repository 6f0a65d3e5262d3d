//! The last calls and the marked ones among them, whatever the time.

/// The bits of a word.
const WORD: u32 = u64::BITS;

/// The last calls, one bit each. The bit of a marked call is set.
#[derive(Debug)]
pub(crate) struct Calls {
    bits: Box<[u64]>,
    /// The number of calls that the window has room for.
    capacity: u32,
    /// The place of the next call. The oldest call is there if the window is full.
    next: u32,
    length: u32,
    marked: u32,
    /// The number of all successes when they were taken over last.
    taken: u64,
}

impl Calls {
    pub(super) fn new(capacity: u32) -> Self {
        Self {
            bits: vec![0; capacity.div_ceil(WORD) as usize].into(),
            capacity,
            next: 0,
            length: 0,
            marked: 0,
            taken: 0,
        }
    }

    /// Counts the successes since they were taken over last, out of all `successes`, as calls
    /// without a mark.
    ///
    /// They were counted without the lock, and no marked call came in between, so their order does
    /// not matter.
    pub(super) fn take_over(&mut self, successes: u64) {
        let calls = successes.wrapping_sub(self.taken);
        self.taken = successes;
        if calls >= self.capacity.into() {
            self.bits.fill(0);
            self.length = self.capacity;
            self.marked = 0;
        } else {
            (0..calls).for_each(|_| self.push(false));
        }
    }

    /// Leaves those successes out.
    pub(super) fn skip(&mut self, successes: u64) {
        self.taken = successes;
    }

    /// Counts one call. The caller counts a success among all successes, too.
    pub(super) fn record(&mut self, is_marked: bool, is_success: bool) {
        self.taken = self.taken.wrapping_add(is_success.into());
        self.push(is_marked);
    }

    fn push(&mut self, is_marked: bool) {
        let (word, bit) = ((self.next / WORD) as usize, 1 << (self.next % WORD));
        // The bit is set only if the window is full and its oldest call was marked.
        self.marked -= u32::from(self.bits[word] & bit != 0);
        self.bits[word] &= !bit;
        if is_marked {
            self.bits[word] |= bit;
            self.marked += 1;
        }
        self.length = (self.length + 1).min(self.capacity);
        self.next = (self.next + 1) % self.capacity;
    }

    /// The number of calls, and of the marked ones.
    pub(super) fn total(&self) -> (u32, u32) {
        (self.length, self.marked)
    }

    pub(super) fn clear(&mut self) {
        self.bits.fill(0);
        (self.next, self.length, self.marked) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_call_makes_room_for_the_newest() {
        for capacity in [1, 2, 63, 64, 65, 1_024] {
            let mut calls = Calls::new(capacity);
            let mut history: Vec<bool> = Vec::new();
            let mut successes = 0;
            for step in 0..capacity * 3 + 7 {
                // Now and then a few successes come at once, and once more than the window holds.
                let taken = match step % 11 {
                    3 => 2,
                    7 if step > capacity => u64::from(capacity) + 5,
                    _ => 0,
                };
                successes += taken;
                calls.take_over(successes);
                history.extend((0..taken).map(|_| false));
                calls.record(step % 3 == 0, false);
                history.push(step % 3 == 0);
                let window = &history[history.len().saturating_sub(capacity as usize)..];
                let marked = window.iter().filter(|marked| **marked).count();
                let total = calls.total();
                assert_eq!((total.0 as usize, total.1 as usize), (window.len(), marked));
            }
            calls.clear();
            assert_eq!(calls.total(), (0, 0));
            calls.record(true, false);
            assert_eq!(calls.total(), (1, 1));
        }
    }
}
