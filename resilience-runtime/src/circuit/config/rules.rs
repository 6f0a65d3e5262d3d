//! The rules of a circuit's settings, in the words of the setter's panic and of the
//! [`ConfigError`].
//!
//! [`ConfigError`]: crate::ConfigError

use crate::settings::{Rule, rule};

/// The most calls that a `window_calls` may have.
pub(crate) const MOST_WINDOW_CALLS: u32 = 1_024;

pub(crate) const FAILURE_THRESHOLD: Rule = rule!("failure_threshold", "must be at least 1, like 5");
pub(crate) const CONSECUTIVE_FAILURES: Rule =
    rule!("consecutive_failures", "must be at least 1, like 5");
pub(crate) const FAILURE_WINDOW: Rule =
    rule!("failure_window", "must be longer than zero, like 60s");
pub(crate) const FAILURE_RATE: Rule = rule!(
    "failure_rate",
    "must be above 0.0 and at most 1.0, like 0.5"
);
pub(crate) const WINDOW_CALLS: Rule = rule!(
    "window_calls",
    "must be at least 1 and at most 1024, like 100"
);
pub(crate) const MINIMUM_CALLS: Rule = rule!("minimum_calls", "must be at least 1, like 20");
pub(crate) const RECOVERY_TIMEOUT: Rule =
    rule!("recovery_timeout", "must be longer than zero, like 30s");
pub(crate) const RECOVERY_MULTIPLIER: Rule = rule!(
    "recovery_multiplier",
    "must be a finite number of at least 1.0, like 2.0"
);
pub(crate) const MAX_RECOVERY_TIMEOUT: Rule =
    rule!("max_recovery_timeout", "must be longer than zero, like 10m");
pub(crate) const RECOVERY_JITTER: Rule = rule!(
    "recovery_jitter",
    "must be at least 0.0 and at most 1.0, like 0.1"
);
pub(crate) const SUCCESS_THRESHOLD: Rule = rule!("success_threshold", "must be at least 1, like 2");
pub(crate) const HALF_OPEN_MAX_CALLS: Rule =
    rule!("half_open_max_calls", "must be at least 1, like 1");
pub(crate) const SLOW_CALL: Rule = rule!("slow_call", "must be longer than zero, like 2s");
pub(crate) const SLOW_RATE: Rule =
    rule!("slow_rate", "must be above 0.0 and at most 1.0, like 0.5");
/// The rule of `constant_minimum_calls`, for two constants of one attribute.
pub(crate) const MINIMUM_IN_WINDOW: Rule = rule!(
    "minimum_calls",
    "must not be above `window_calls`: lower `minimum_calls` or raise `window_calls`"
);
/// The rule of `constant_recovery_timeouts`, for two constants of one attribute.
pub(crate) const RECOVERY_BELOW_MAX: Rule = rule!(
    "recovery_timeout",
    "must not be longer than `max_recovery_timeout`: lower `recovery_timeout` or raise `max_recovery_timeout`"
);
