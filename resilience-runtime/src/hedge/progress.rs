//! Decides whether another attempt may start.

/// The state of one call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// The moment at which the first attempt started, or at which it waited for the first time if
    /// nobody measures the call. Zero before.
    pub(super) began_at: u64,
    /// The attempts behind the first one.
    hedges: u32,
    /// The call is deposited into the budget.
    pub(super) is_deposited: bool,
    /// The time came for another attempt, and the budget or a circuit said no.
    is_held_back: bool,
}

impl Progress {
    /// The state of a call that begins at that moment.
    #[inline]
    pub(super) fn of(began_at: u64) -> Self {
        Self {
            began_at,
            hedges: 0,
            is_deposited: false,
            is_held_back: false,
        }
    }

    /// True if only the first attempt has started.
    pub(super) fn is_first(self) -> bool {
        self.hedges == 0
    }

    /// True if another attempt may follow a failed one.
    pub(super) fn may_follow(self, max_hedges: u32) -> bool {
        self.hedges < max_hedges
    }

    /// True if another attempt may start when the time comes. After a no it is not asked for again
    /// in this call, because the service is slow for others, too.
    pub(super) fn waits_for_time(self, max_hedges: u32) -> bool {
        !self.is_held_back && self.may_follow(max_hedges)
    }

    /// Notes that another attempt starts, and returns its number, from 2.
    pub(super) fn start(&mut self) -> u32 {
        self.hedges += 1;
        self.hedges.saturating_add(1)
    }

    pub(super) fn hold_back(&mut self) {
        self.is_held_back = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_attempts_follow_as_are_allowed() {
        let mut progress = Progress::default();
        assert!(progress.may_follow(2) && progress.waits_for_time(2));
        assert_eq!([progress.start(), progress.start()], [2, 3]);
        assert!(!progress.may_follow(2) && !progress.waits_for_time(2));
    }

    #[test]
    fn an_attempt_that_was_held_back_may_still_follow_a_failed_one() {
        let mut progress = Progress::default();
        progress.hold_back();
        assert!(progress.may_follow(1) && !progress.waits_for_time(1));
    }
}
