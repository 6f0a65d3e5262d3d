//! The statistics of a budget.

use super::settings::SCALE;
use super::settings::Settings;

/// A snapshot of a [`RetryBudget`](crate::RetryBudget).
///
/// ```
/// use resilience::RetryBudget;
///
/// static BUDGET: RetryBudget = RetryBudget::new();
///
/// // No call has used the budget, and ten retries are allowed: one a second for ten seconds.
/// assert_eq!((BUDGET.stats().calls, BUDGET.stats().available), (0, 10));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RetryBudgetStats {
    /// The budget's name. Empty for a static budget without a name that no function has used yet.
    pub name: String,
    /// The retries that each call allows.
    pub ratio: f64,
    /// The calls since the start.
    pub calls: u64,
    /// The retries that were granted since the start.
    pub retries: u64,
    /// The retries that were refused since the start.
    pub refused: u64,
    /// The calls in the window.
    pub window_calls: u64,
    /// The granted retries in the window.
    pub window_retries: u64,
    /// The refused retries in the window.
    pub window_refused: u64,
    /// The retries that would be granted now.
    pub available: u64,
}

impl RetryBudgetStats {
    /// The statistics of a budget that no function has used.
    pub(super) fn unused(name: &str, settings: &Settings) -> Self {
        Self {
            name: name.to_owned(),
            ratio: f64::from(settings.ratio) / 1_000.0,
            calls: 0,
            retries: 0,
            refused: 0,
            window_calls: 0,
            window_retries: 0,
            window_refused: 0,
            available: settings.allowance(0) / SCALE,
        }
    }
}
