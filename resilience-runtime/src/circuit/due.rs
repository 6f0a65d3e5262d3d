//! Until when the gate is enough to go by.

use std::time::Duration;

use crate::clock::wait;

/// A moment, and which of two it is: an open circuit refuses until then, or a closed one counts successes in the slice
/// that runs until then.
///
/// It is read beside the gate, not with it, and so may belong to another stay than the gate that was read. Then it is the
/// other kind, or as late as what the machine would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due(u64);

/// Set in the second kind. A moment of the first that is so late, 146 years after the clock's origin or never, is left to
/// the machine: it looks like the second.
const COUNTS: u64 = 1 << 63;

impl Due {
    pub(super) fn refuses_until(moment: u64) -> Self {
        Self(moment)
    }

    pub(super) fn counts_until(moment: u64) -> Self {
        Self(moment | COUNTS)
    }

    #[inline]
    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    /// For how long calls are refused from `now` on, if they are.
    #[inline]
    pub(super) fn refuses(self, now: u64) -> Option<Duration> {
        (now < self.0 && self.0 < COUNTS).then(|| wait(self.0, now))
    }

    /// Whether a success at `now` lies in the slice that runs.
    #[inline]
    pub(super) fn counts(self, now: u64) -> bool {
        now | COUNTS < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::NEVER;

    const NOW: u64 = 1 << 62;

    #[test]
    fn each_kind_says_nothing_of_the_other() {
        let open = Due::refuses_until(NOW + 7);
        assert_eq!(open.refuses(NOW), Some(Duration::from_nanos(7)));
        assert_eq!(open.refuses(NOW + 7), None);
        assert!(!open.counts(NOW));

        let closed = Due::counts_until(NOW + 7);
        assert!(closed.counts(NOW) && !closed.counts(NOW + 7));
        assert_eq!(closed.refuses(NOW), None);
        assert_eq!(Due::from_bits(closed.bits()), closed);
    }

    #[test]
    fn what_never_comes_is_left_to_the_machine() {
        assert_eq!(Due::refuses_until(NEVER).refuses(NOW), None);
        assert!(!Due::counts_until(0).counts(NOW));
    }
}
