//! The options of `#[hedge]` as a value. Each setter checks its value.

use core::time::Duration;

use crate::budget::RetryBudget;
use crate::settings::{Rule, rule};

const AFTER: Rule = rule!("after", "must be longer than zero");
const PERCENTILE: Rule = rule!("after_percentile", "must be from 1 to 99");
const MAX_HEDGES: Rule = rule!(
    "max_hedges",
    "must be at least 1: without a second attempt there is no hedge"
);

/// The configuration of a hedge: when another attempt starts, how many may, and the budget that
/// limits those of all calls together.
///
/// A value starts as [`HedgeConfig::new`] and is changed by setters that are named as the options
/// of `#[hedge]`. It is a `static` and no `const`, because before Rust 1.91 a constant must not
/// refer to a static with atomics, and the budget is one.
///
/// ```
/// use resilience::{HedgeConfig, RetryBudget, hedge};
/// use std::time::Duration;
///
/// static BUDGET: RetryBudget = RetryBudget::new().ratio(0.05);
/// static HEDGE: HedgeConfig = HedgeConfig::new(&BUDGET).after(Duration::from_millis(200));
///
/// #[hedge(config = HEDGE)]
/// async fn price(article: u32) -> std::io::Result<u32> {
///     Ok(article * 2)
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// # assert_eq!(price(21).await.unwrap(), 42);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HedgeConfig {
    pub(super) after: After,
    max_hedges: u32,
    budget: Option<&'static RetryBudget>,
}

/// The time after which the next attempt starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Fixed(Duration),
    /// A percentile of the function's own latency.
    Percentile(u8),
}

impl HedgeConfig {
    /// One hedge after the 95th percentile of the function's own latency.
    #[must_use]
    pub const fn new(budget: &'static RetryBudget) -> Self {
        Self::without_budget().budget(budget)
    }

    /// The default without its budget, for the settings that are checked and described apart from a
    /// budget that each call computes. Such a value starts no hedge.
    #[doc(hidden)]
    #[must_use]
    pub const fn without_budget() -> Self {
        Self {
            after: After::Percentile(95),
            max_hedges: 1,
            budget: None,
        }
    }

    /// A hedge that the configuration file takes away: it starts no other attempt, measures no call
    /// and draws on no budget.
    #[cfg(feature = "config")]
    pub(super) const fn disabled() -> Self {
        Self {
            after: After::Fixed(Duration::MAX),
            max_hedges: 0,
            budget: None,
        }
    }

    /// Starts the next attempt after this time, which counts from the moment at which the first
    /// attempt waits for the first time.
    ///
    /// # Panics
    ///
    /// If the time is zero.
    #[must_use]
    #[track_caller]
    pub const fn after(mut self, after: Duration) -> Self {
        AFTER.require(!after.is_zero());
        self.after = After::Fixed(after);
        self
    }

    /// Starts the next attempt after this percentile of the function's own latency, from 1 to 99.
    /// It is taken from the calls of the last minute, at least 100, and refreshed every few
    /// seconds.
    ///
    /// # Panics
    ///
    /// If the percentile is 0 or above 99.
    #[must_use]
    #[track_caller]
    pub const fn after_percentile(mut self, percentile: u8) -> Self {
        PERCENTILE.require(percentile >= 1 && percentile <= 99);
        self.after = After::Percentile(percentile);
        self
    }

    /// Sets how many attempts may follow the first one. Default 1.
    ///
    /// # Panics
    ///
    /// If the number is zero.
    #[must_use]
    #[track_caller]
    pub const fn max_hedges(mut self, hedges: u32) -> Self {
        MAX_HEDGES.require(hedges > 0);
        self.max_hedges = hedges;
        self
    }

    /// Sets the budget that each hedge draws on.
    #[must_use]
    pub const fn budget(mut self, budget: &'static RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Returns the fixed time after which the next attempt starts, if there is one.
    #[must_use]
    pub const fn get_after(&self) -> Option<Duration> {
        match self.after {
            After::Fixed(after) => Some(after),
            After::Percentile(_) => None,
        }
    }

    /// Returns the percentile of the function's own latency after which the next attempt starts, if
    /// there is no fixed time.
    #[must_use]
    pub const fn get_after_percentile(&self) -> Option<u8> {
        match self.after {
            After::Fixed(_) => None,
            After::Percentile(percentile) => Some(percentile),
        }
    }

    /// Returns how many attempts may follow the first one.
    #[must_use]
    pub const fn get_max_hedges(&self) -> u32 {
        self.max_hedges
    }

    /// Returns the budget that each hedge draws on.
    #[must_use]
    pub const fn get_budget(&self) -> Option<&'static RetryBudget> {
        self.budget
    }
}
