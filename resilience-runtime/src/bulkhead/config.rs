//! The configuration of a bulkhead.

use std::time::Duration;

use crate::{
    keyed::{IDLE, MAX_KEYS},
    settings::{Rule, rule},
};

/// The most calls that a bulkhead may allow at the same time.
pub(super) const MOST_CONCURRENT: u32 = 1_000_000;

pub(super) const MAX_CONCURRENT: Rule = rule!(
    "max_concurrent",
    "must be at least 1 and at most 1000000, like 25"
);

/// The number of calls that may run at the same time, and how long a further call waits.
///
/// `#[bulkhead]` builds it from its options, and [`Bulkhead::new`](crate::Bulkhead::new) takes it.
///
/// ```
/// use std::time::Duration;
/// use resilience::BulkheadConfig;
///
/// const POOL: BulkheadConfig = BulkheadConfig::new(5).max_wait(Duration::from_secs(2));
///
/// assert_eq!(POOL.get_max_concurrent(), 5);
/// assert_eq!(POOL.get_max_wait(), Duration::from_secs(2));
/// ```
///
/// A wrong value in a constant does not compile:
///
/// ```compile_fail
/// # use resilience::BulkheadConfig;
/// const CLOSED: BulkheadConfig = BulkheadConfig::new(0);
/// # let _ = CLOSED;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkheadConfig {
    max_concurrent: u32,
    max_wait: Duration,
    max_keys: u32,
    idle: Duration,
}

impl BulkheadConfig {
    /// A bulkhead for at most `max_concurrent` calls at the same time. Further calls are refused at
    /// once.
    ///
    /// # Panics
    /// If `max_concurrent` is 0 or above 1,000,000.
    #[track_caller]
    #[must_use]
    pub const fn new(max_concurrent: u32) -> Self {
        Self::unset().max_concurrent(max_concurrent)
    }

    /// The start of the configuration of an attribute, which sets the number of calls.
    #[doc(hidden)]
    #[must_use]
    pub const fn unset() -> Self {
        Self {
            max_concurrent: 1,
            max_wait: Duration::ZERO,
            max_keys: 1_000,
            idle: Duration::from_secs(600),
        }
    }

    /// Sets the number of calls that may run at the same time.
    ///
    /// # Panics
    /// If it is 0 or above 1,000,000.
    #[track_caller]
    #[must_use]
    pub const fn max_concurrent(mut self, calls: u32) -> Self {
        MAX_CONCURRENT.require(calls >= 1 && calls <= MOST_CONCURRENT);
        self.max_concurrent = calls;
        self
    }

    /// Sets the time that a call waits for a slot before it is refused. The default is zero, so
    /// that a full bulkhead refuses at once; [`Duration::MAX`] waits for ever.
    ///
    /// It belongs to the function and not to the bulkhead: functions that share a bulkhead may wait
    /// for different times.
    #[must_use]
    pub const fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time;
        self
    }

    /// Sets the largest number of bulkheads of a name with a bulkhead for each key. Default 1,000;
    /// no effect on a bulkhead without a key.
    ///
    /// A new key beyond it takes the place of a key that has been [`idle`](Self::idle), or shares
    /// the overflow bulkhead.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    #[must_use]
    pub const fn max_keys(mut self, keys: u32) -> Self {
        MAX_KEYS.require(keys >= 1);
        self.max_keys = keys;
        self
    }

    /// Sets the time after its last call during which the bulkhead of a key is not forgotten.
    /// Default 10 minutes; [`Duration::MAX`] is for ever. It has no effect on a bulkhead without a
    /// key.
    ///
    /// # Panics
    /// If it is zero.
    #[track_caller]
    #[must_use]
    pub const fn idle(mut self, time: Duration) -> Self {
        IDLE.require(!time.is_zero());
        self.idle = time;
        self
    }

    /// The number of calls that may run at the same time.
    pub const fn get_max_concurrent(&self) -> u32 {
        self.max_concurrent
    }

    /// The time that a call waits for a slot.
    pub const fn get_max_wait(&self) -> Duration {
        self.max_wait
    }

    /// The largest number of bulkheads of a name with a bulkhead for each key.
    pub const fn get_max_keys(&self) -> u32 {
        self.max_keys
    }

    /// The time after its last call during which the bulkhead of a key is not forgotten.
    pub const fn get_idle(&self) -> Duration {
        self.idle
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn the_number_of_calls_has_a_range() {
        for calls in [1, 25, MOST_CONCURRENT] {
            assert_eq!(BulkheadConfig::new(calls).get_max_concurrent(), calls);
        }
        for calls in [0, MOST_CONCURRENT + 1, u32::MAX] {
            let panic = catch_unwind(|| BulkheadConfig::new(calls)).expect_err("out of range");
            assert_eq!(
                panic.downcast_ref::<String>().map(String::as_str),
                Some("`max_concurrent` must be at least 1 and at most 1000000, like 25")
            );
        }
    }
}
