//! The values of a configuration.

use core::time::Duration;

use super::{Jitter, RetryConfig, Strategy};
use crate::budget::RetryBudget;

const DEFAULT_BASE_DELAY: Duration = Duration::from_secs(1);
const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(60);

impl RetryConfig {
    /// Returns how many calls may follow the first one.
    pub const fn get_max_retries(&self) -> u32 {
        self.max_retries
    }

    /// Returns how many calls there may be, the first one included. The number saturates.
    pub const fn get_max_attempts(&self) -> u32 {
        self.max_retries.saturating_add(1)
    }

    /// Returns the strategy of the delays.
    pub const fn get_strategy(&self) -> Strategy {
        self.strategy
    }

    /// Returns the multiplier of exponential delays.
    pub const fn get_multiplier(&self) -> f64 {
        self.multiplier
    }

    /// Returns the jitter.
    pub const fn get_jitter(&self) -> Jitter {
        self.jitter
    }

    /// Returns the delay that the strategy starts from. If nobody set it, it is 1 s, or `max_delay`
    /// if that is shorter.
    pub fn get_base_delay(&self) -> Duration {
        self.base_delay
            .unwrap_or_else(|| DEFAULT_BASE_DELAY.min(self.max_delay.unwrap_or(DEFAULT_BASE_DELAY)))
    }

    /// Returns the longest delay. If nobody set it, it is 60 s, or `base_delay` if that is longer.
    pub fn get_max_delay(&self) -> Duration {
        self.max_delay
            .unwrap_or_else(|| DEFAULT_MAX_DELAY.max(self.base_delay.unwrap_or(DEFAULT_MAX_DELAY)))
    }

    /// Returns the limit on the time of the whole call.
    #[inline]
    pub const fn get_max_elapsed(&self) -> Option<Duration> {
        self.max_elapsed
    }

    /// True if refusals are retried.
    pub const fn get_retry_refused(&self) -> bool {
        self.retry_refused
    }

    /// Returns the budget.
    #[inline]
    pub const fn get_budget(&self) -> Option<&'static RetryBudget> {
        self.budget
    }
}
