//! The state of a bulkhead in one word, so that an admission is one atomic operation.

/// The state of a bulkhead.
///
/// ```text
/// bit  0 to 23   calls that run, each with a permit
/// bit 24 to 43   the limit
/// bit 44         callers wait in the queue, so that nobody may overtake them
/// bit 45         the bulkhead has a key, so that the end of a call notes the time
/// bit 46         nobody is refused, because the limit is not enforced
/// bit 47         nobody is refused or counted, because the bulkhead is not enabled
/// bit 48 to 62   calls that ended
/// bit 63         the number of ended calls has overflown, and is to be carried to the count
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

const RUNNING: u64 = (1 << 24) - 1;
const LIMIT_SHIFT: u32 = 24;
const LIMIT: u64 = ((1 << 20) - 1) << LIMIT_SHIFT;
pub(super) const WAITING: u64 = 1 << 44;
pub(super) const KEYED: u64 = 1 << 45;
pub(super) const NOT_ENFORCED: u64 = 1 << 46;
pub(super) const NOT_ENABLED: u64 = 1 << 47;
const ENDED_SHIFT: u32 = 48;
const ONE_ENDED: u64 = 1 << ENDED_SHIFT;
pub(super) const CARRY: u64 = 1 << 63;

/// The ended calls that a carry stands for.
pub(super) const CARRIED: u64 = CARRY >> ENDED_SHIFT;

/// The addition that ends a call: one less runs, and one more has ended.
pub(super) const END: u64 = ONE_ENDED - 1;

/// The end of a call has more to do if one of these is set.
pub(super) const BUSY_END: u64 = WAITING | KEYED | CARRY;

impl Word {
    pub(super) fn new(limit: u32, is_keyed: bool) -> Self {
        let keyed = if is_keyed { KEYED } else { 0 };
        Self(keyed).with_limit(limit)
    }

    pub(super) fn with_limit(self, limit: u32) -> Self {
        Self(self.0 & !LIMIT | u64::from(limit) << LIMIT_SHIFT)
    }

    #[inline]
    pub(super) fn running(self) -> u64 {
        self.0 & RUNNING
    }

    #[inline]
    pub(super) fn limit(self) -> u64 {
        (self.0 & LIMIT) >> LIMIT_SHIFT
    }

    pub(super) fn is(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    /// The word with the flag, or without it.
    pub(super) fn with(self, flag: u64, is_set: bool) -> Self {
        Self(self.0 & !flag | if is_set { flag } else { 0 })
    }

    /// True if as many calls run as the limit allows.
    #[inline]
    pub(super) fn is_full(self) -> bool {
        self.running() >= self.limit()
    }

    /// The word with one more running call, for a call that has not waited. It must not overtake
    /// those that wait, and a bulkhead that is not enabled does not count it.
    #[inline]
    pub(super) fn admit_new(self) -> Option<Self> {
        let has_slot = !self.is(WAITING | NOT_ENABLED) && !self.is_full();
        has_slot.then_some(Self(self.0 + 1))
    }

    /// The same for a call that has waited.
    pub(super) fn admit(self) -> Option<Self> {
        if self.is_full() {
            self.admit_all()
        } else {
            Some(Self(self.0 + 1))
        }
    }

    /// The word with one more running call, if nobody is refused now.
    pub(super) fn admit_all(self) -> Option<Self> {
        let refuses_nobody = self.is(NOT_ENFORCED | NOT_ENABLED);
        // The number of running calls must not overflow, whatever is enforced.
        (refuses_nobody && self.running() < RUNNING).then_some(Self(self.0 + 1))
    }

    /// Ended calls that are not carried yet, the carry included.
    pub(super) fn ended(self) -> u64 {
        self.0 >> ENDED_SHIFT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_admitted_up_to_the_limit() {
        let mut word = Word::new(2, false);
        for running in 1..=2 {
            word = word.admit_new().expect("a slot");
            assert_eq!((word.running(), word.limit()), (running, 2));
        }
        assert!(word.admit_new().is_none() && word.admit().is_none());
        let word = Word(word.0.wrapping_add(END));
        assert_eq!((word.running(), word.ended()), (1, 1));
        assert!(word.admit_new().is_some());
    }

    #[test]
    fn nobody_overtakes_those_that_wait() {
        let word = Word(Word::new(2, false).0 | WAITING);
        assert!(word.admit_new().is_none());
        assert!(word.admit().is_some());
    }

    #[test]
    fn a_limit_that_is_not_enforced_admits_up_to_the_room_of_the_count() {
        for flag in [NOT_ENFORCED, NOT_ENABLED] {
            let word = Word(Word::new(1, false).with(flag, true).0 | (RUNNING - 1));
            assert!(
                word.admit_new().is_none(),
                "it is not counted as others are"
            );
            let last = word.admit().expect("a slot");
            assert_eq!(word.admit_all(), Some(last));
            assert_eq!((last.running(), last.limit()), (RUNNING, 1));
            assert!(last.is_full() && last.admit_all().is_none());
            assert!(word.with(flag, false).admit_all().is_none());
        }
    }

    #[test]
    fn the_parts_do_not_run_into_each_other() {
        let mut word = Word::new(1_000_000, true).admit().expect("a slot");
        for ended in 1..=CARRIED + 3 {
            word = Word(word.0.wrapping_add(END)).admit().expect("a slot");
            assert_eq!((word.running(), word.limit()), (1, 1_000_000));
            assert_eq!((word.ended(), word.is(CARRY)), (ended, ended >= CARRIED));
        }
        assert!(word.is(KEYED) && !word.is(WAITING | NOT_ENFORCED | NOT_ENABLED));
        assert_eq!(word.with_limit(7).limit(), 7);
        assert_eq!(word.with_limit(7).running(), 1);
    }
}
