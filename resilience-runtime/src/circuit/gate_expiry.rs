//! The moment that ends the answer of the gate.

use super::gate::State;
use crate::clock::{NEVER, ORIGIN, SLACK};

/// A moment of one of four kinds: until then an open circuit refuses, an isolated one refuses, a
/// half-open circuit refuses because its probe slots are taken, or a closed circuit counts
/// successes in the running slice. Until the moment of one of the first three, a circuit that
/// admits all calls lets them through.
///
/// A call reads it after the gate, so it may belong to a later generation than the gate. Each kind
/// therefore says by itself what is true of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GateExpiry(u64);

/// The highest bit marks the third and the fourth kind. Their lowest bit tells them apart, so their
/// moments lose a nanosecond, and a call in that nanosecond asks the machine.
const NOT_OPEN: u64 = 1 << 63;
const COUNTS: u64 = 1;
/// Moments from the origin of the clock on have this bit, which marks the first kind. The moments
/// of the second kind are kept without it.
const OPEN: u64 = ORIGIN;
const ISOLATED_FOR_EVER: u64 = OPEN - 1;
/// The machine answers.
const UNKNOWN: u64 = 0;

impl GateExpiry {
    /// The machine answers if the moment is never, lies before the origin of the clock, or 146
    /// years or more after it, because it looks like another kind then.
    pub(super) fn open_until(moment: u64) -> Self {
        let is_on_axis = (OPEN..NOT_OPEN).contains(&moment);
        Self(if is_on_axis { moment } else { UNKNOWN })
    }

    pub(super) fn isolated_until(moment: u64) -> Self {
        Self(match moment {
            NEVER => ISOLATED_FOR_EVER,
            OPEN..NOT_OPEN => moment & !OPEN,
            _ => UNKNOWN,
        })
    }

    pub(super) fn probes_taken_until(moment: u64) -> Self {
        Self(NOT_OPEN | moment.min(NOT_OPEN - 1) & !COUNTS)
    }

    pub(super) fn counts_until(moment: u64) -> Self {
        Self(NOT_OPEN | moment.min(NOT_OPEN - 1) | COUNTS)
    }

    #[inline]
    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    /// The state that refuses a call at `now`, and for how many nanoseconds more. `None` if the
    /// machine has to be asked.
    #[inline]
    pub(super) fn refuses(self, now: u64) -> Option<(State, u64)> {
        if self.0 < OPEN {
            return self.isolates(now);
        }
        if self.0 < NOT_OPEN {
            return (now < self.0).then(|| (State::Open, self.0 - now));
        }
        (self.0 & COUNTS == 0 && now | NOT_OPEN < self.0).then_some((State::HalfOpen, 0))
    }

    /// Does the same by the coarse clock. `None` also means that the end is so near that the exact
    /// clock has to tell.
    #[inline]
    pub(super) fn refuses_for_long(self, coarse_now: u64) -> Option<(State, u64)> {
        self.refuses(coarse_now.saturating_add(SLACK))?;
        self.refuses(coarse_now)
    }

    #[cold]
    fn isolates(self, now: u64) -> Option<(State, u64)> {
        match self.0 {
            UNKNOWN => None,
            ISOLATED_FOR_EVER => Some((State::Isolated, NEVER)),
            moment => (now < moment | OPEN).then(|| (State::Isolated, (moment | OPEN) - now)),
        }
    }

    /// True if a success at `now` lies in the running slice.
    #[inline]
    pub(super) fn counts(self, now: u64) -> bool {
        // The lowest bit is set on both sides, so an equal moment is not below.
        self.0 & COUNTS != 0 && now | NOT_OPEN | COUNTS < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::NEVER;

    const NOW: u64 = 1 << 62;

    #[test]
    fn each_kind_says_nothing_of_the_others() {
        let open = GateExpiry::open_until(NOW + 7);
        assert_eq!(open.refuses(NOW), Some((State::Open, 7)));
        assert_eq!(open.refuses(NOW + 7), None);
        assert!(!open.counts(NOW));

        let taken = GateExpiry::probes_taken_until(NOW + 8);
        assert_eq!(taken.refuses(NOW + 7), Some((State::HalfOpen, 0)));
        assert_eq!(taken.refuses(NOW + 8), None);
        assert!(!taken.counts(NOW));

        let closed = GateExpiry::counts_until(NOW + 8);
        assert!(closed.counts(NOW + 7) && !closed.counts(NOW + 8));
        assert_eq!(closed.refuses(NOW), None);
        for expiry in [open, taken, closed] {
            assert_eq!(GateExpiry::from_bits(expiry.bits()), expiry);
        }
    }

    #[test]
    fn an_odd_moment_sends_a_call_to_the_machine_and_never_lets_it_pass() {
        let taken = GateExpiry::probes_taken_until(NOW + 7);
        assert_eq!(taken.refuses(NOW + 5), Some((State::HalfOpen, 0)));
        assert_eq!(taken.refuses(NOW + 6), None);
        assert_eq!(taken.refuses(NOW + 7), None);
        assert!(!GateExpiry::counts_until(NOW + 7).counts(NOW + 7));
    }

    #[test]
    fn the_coarse_clock_answers_until_the_end_is_near() {
        let open = GateExpiry::open_until(NOW + SLACK + 7);
        assert_eq!(
            open.refuses_for_long(NOW + 6),
            Some((State::Open, SLACK + 1))
        );
        assert_eq!(open.refuses_for_long(NOW + 7), None);
        let taken = GateExpiry::probes_taken_until(NOW + SLACK + 8);
        assert_eq!(taken.refuses_for_long(NOW + 7), Some((State::HalfOpen, 0)));
        assert_eq!(taken.refuses_for_long(NOW + 8), None);
        let isolated = GateExpiry::isolated_until(NEVER);
        assert_eq!(
            isolated.refuses_for_long(NOW),
            Some((State::Isolated, NEVER))
        );
        assert_eq!(
            GateExpiry::counts_until(NOW + 8).refuses_for_long(NOW),
            None
        );
    }

    #[test]
    fn an_end_that_never_comes_is_left_to_the_machine() {
        assert_eq!(GateExpiry::open_until(NEVER).refuses(NOW), None);
        assert!(!GateExpiry::open_until(NEVER).counts(NOW));
        assert_eq!(
            GateExpiry::probes_taken_until(NEVER).refuses(NOW),
            Some((State::HalfOpen, 0))
        );
        assert!(!GateExpiry::counts_until(0).counts(NOW));
        assert_eq!(GateExpiry::probes_taken_until(0).refuses(NOW), None);
    }
}
