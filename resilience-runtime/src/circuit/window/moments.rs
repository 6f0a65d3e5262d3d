//! The failures of a time, each with its moment.

use std::collections::VecDeque;

/// The moments of the latest failures, oldest first. There are never more of them than the
/// threshold. The list grows with the failures, because most circuits see none.
#[derive(Debug, Default)]
pub(crate) struct Moments(VecDeque<u64>);

impl Moments {
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
        if length >= limit {
            self.0.pop_front();
        } else if length == self.0.capacity() {
            // The list does not grow by itself, because it would take room for more than the limit.
            self.0.reserve_exact(length.max(8).min(limit - length));
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

    #[inline]
    pub(super) fn forget(&mut self, now: u64, span: u64) {
        while let Some(&oldest) = self.0.front() {
            if now.saturating_sub(oldest) < span {
                break;
            }
            self.0.pop_front();
        }
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
