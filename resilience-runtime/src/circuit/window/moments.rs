//! The failures of a time, each with its moment.

use std::collections::VecDeque;

/// The moments of the latest failures, oldest first. There are never more of them than the
/// threshold. The list grows with the failures, because most circuits see none.
///
/// Moments that have left the window are forgotten when the list is full or the threshold may be
/// reached, and before anybody asks for the count. A failure in between only adds its moment.
#[derive(Debug, Default)]
pub(crate) struct Moments(VecDeque<u64>);

impl Moments {
    /// Counts a failure if it only adds a moment, and returns true. It does not if the threshold
    /// may be reached with it, if the list is full, or if a later moment came first.
    #[inline]
    pub(super) fn add(&mut self, now: u64, threshold: u32) -> bool {
        let length = self.0.len();
        let has_place = length < self.0.capacity() && length + 1 < threshold as usize;
        let is_newest = self.0.back().is_none_or(|&newest| newest <= now);
        let is_added = has_place && is_newest;
        if is_added {
            self.0.push_back(now);
        }
        is_added
    }

    /// Counts a failure, and returns true if the threshold is reached.
    ///
    /// It is out of line, because two windows count with it, and what it calls is inlined only into
    /// one place.
    #[inline(never)]
    pub(super) fn failure(&mut self, now: u64, span: u64, threshold: u32) -> bool {
        self.forget(now, span);
        self.record(now, threshold);
        self.count() >= threshold
    }

    #[inline]
    fn record(&mut self, now: u64, limit: u32) {
        let (length, limit) = (self.0.len(), limit as usize);
        let room = length.max(8);
        if length >= limit {
            self.0.pop_front();
        } else if self.0.capacity() - length < room / 2 {
            // The list doubles its room, so that it is seldom full. It does not grow by itself,
            // because it would take room for more than the limit.
            self.0.reserve_exact(room.min(limit - length));
        }
        if self.0.back().is_none_or(|&newest| newest <= now) {
            self.0.push_back(now);
        } else {
            self.insert(now);
        }
    }

    /// Inserts a moment before later ones. Threads read the clock before they wait for the lock, so
    /// a moment may arrive after a later one.
    #[cold]
    fn insert(&mut self, now: u64) {
        let at = self.0.partition_point(|&time| time <= now);
        self.0.insert(at, now);
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Forgets the moments that have left the window. The window ends at the newest failure, even
    /// for a thread that read the clock before it.
    #[inline]
    pub(super) fn forget(&mut self, now: u64, span: u64) {
        let newest = self.newest().unwrap_or(now);
        if newest.saturating_sub(now) >= span {
            return self.forget_before(now, newest, span);
        }
        let end = newest.max(now);
        let has_left = |moment: u64| end.saturating_sub(moment) >= span;
        if self.0.front().is_some_and(|&oldest| has_left(oldest)) {
            let left = self.0.partition_point(|&moment| has_left(moment));
            self.0.drain(..left);
        }
    }

    /// Does the same if the newest failure lies a whole window ahead, because the clock went back,
    /// or because a thread took so long from the clock to the lock. A moment up to now is in the
    /// window that ends now, and a later one in the window of the newest failure.
    #[cold]
    fn forget_before(&mut self, now: u64, newest: u64, span: u64) {
        self.0.retain(|&moment| {
            let end = if moment > now { newest } else { now };
            end - moment < span
        });
    }

    /// Forgets the oldest failures beyond a limit that became lower.
    pub(super) fn limit(&mut self, limit: u32) {
        let excess = self.0.len().saturating_sub(limit as usize);
        self.0.drain(..excess);
    }

    pub(super) fn newest(&self) -> Option<u64> {
        self.0.back().copied()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.0.capacity()
    }
}
