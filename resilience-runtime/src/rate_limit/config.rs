//! The configuration of a rate limit.

use std::time::Duration;

use crate::{
    keyed::{IDLE, MAX_KEYS},
    settings::{Rule, rule},
};

pub(super) const LIMIT: Rule = rule!("limit", "must be at least 1, like 100");
pub(super) const PER: Rule = rule!("per", "must be longer than zero, like 1s");
pub(super) const BURST: Rule = rule!("burst", "must be at least 1, like 100");

/// The number of calls in a time, and how long a further call waits.
///
/// `#[rate_limit]` builds it from its options, and [`RateLimit::new`](crate::RateLimit::new) takes
/// it.
///
/// ```
/// use std::time::Duration;
/// use resilience::RateLimitConfig;
///
/// const API: RateLimitConfig = RateLimitConfig::new(100, Duration::from_secs(1)).burst(10);
///
/// assert_eq!((API.get_limit(), API.get_burst()), (100, 10));
/// assert_eq!(API.get_per(), Duration::from_secs(1));
/// ```
///
/// A wrong value in a constant does not compile:
///
/// ```compile_fail
/// # use std::time::Duration;
/// # use resilience::RateLimitConfig;
/// const CLOSED: RateLimitConfig = RateLimitConfig::new(0, Duration::from_secs(1));
/// # let _ = CLOSED;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitConfig {
    limit: u32,
    per: Duration,
    /// `None` is the limit.
    burst: Option<u32>,
    max_wait: Duration,
    max_keys: u32,
    idle: Duration,
}

impl RateLimitConfig {
    /// A rate of at most `limit` calls in `per`. Further calls are refused at once.
    ///
    /// # Panics
    /// If `limit` is 0 or `per` is zero.
    #[track_caller]
    #[must_use]
    pub const fn new(limit: u32, per: Duration) -> Self {
        Self::unset().limit(limit).per(per)
    }

    /// The start of the configuration of an attribute, which sets limit and time.
    #[doc(hidden)]
    #[must_use]
    pub const fn unset() -> Self {
        Self {
            limit: 1,
            per: Duration::from_secs(1),
            burst: None,
            max_wait: Duration::ZERO,
            max_keys: 1_000,
            idle: Duration::from_secs(600),
        }
    }

    /// Sets the number of calls in the time [`per`](Self::per).
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    #[must_use]
    pub const fn limit(mut self, calls: u32) -> Self {
        LIMIT.require(calls >= 1);
        self.limit = calls;
        self
    }

    /// Sets the time in which [`limit`](Self::limit) calls are admitted.
    ///
    /// # Panics
    /// If it is zero.
    #[track_caller]
    #[must_use]
    pub const fn per(mut self, time: Duration) -> Self {
        PER.require(!time.is_zero());
        self.per = time;
        self
    }

    /// Sets the number of calls that may come at once after a pause. The default is the limit.
    /// With 1 the calls are spread evenly, one in `per / limit`.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    #[must_use]
    pub const fn burst(mut self, calls: u32) -> Self {
        BURST.require(calls >= 1);
        self.burst = Some(calls);
        self
    }

    /// Sets the time that a call waits for its turn before it is refused. The default is zero, so
    /// that a call above the rate is refused at once.
    ///
    /// It belongs to the function and not to the rate limit: functions that share a rate limit may
    /// wait for different times.
    #[must_use]
    pub const fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time;
        self
    }

    /// Sets the largest number of rate limits of a name with a rate limit for each key. Default
    /// 1,000; no effect on a rate limit without a key.
    ///
    /// A new key beyond it takes the place of a key that has been [`idle`](Self::idle), or shares
    /// the overflow rate limit.
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

    /// Sets the time after its last call during which the rate limit of a key is not forgotten.
    /// Default 10 minutes; [`Duration::MAX`] is for ever. It has no effect on a rate limit without
    /// a key.
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

    /// The number of calls in the time [`get_per`](Self::get_per).
    pub const fn get_limit(&self) -> u32 {
        self.limit
    }

    /// The time in which [`get_limit`](Self::get_limit) calls are admitted.
    pub const fn get_per(&self) -> Duration {
        self.per
    }

    /// The number of calls that may come at once after a pause.
    pub const fn get_burst(&self) -> u32 {
        match self.burst {
            Some(calls) => calls,
            None => self.limit,
        }
    }

    /// The time that a call waits for its turn.
    pub const fn get_max_wait(&self) -> Duration {
        self.max_wait
    }

    /// The largest number of rate limits of a name with a rate limit for each key.
    pub const fn get_max_keys(&self) -> u32 {
        self.max_keys
    }

    /// The time after its last call during which the rate limit of a key is not forgotten.
    pub const fn get_idle(&self) -> Duration {
        self.idle
    }
}
