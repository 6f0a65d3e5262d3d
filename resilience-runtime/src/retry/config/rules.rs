//! The rules of the settings, for setters that panic and for settings from a file.

use crate::settings::{Rule, rule};

pub(crate) const MAX_ATTEMPTS: Rule = rule!(
    "max_attempts",
    "must be at least 1: it counts the first call too, so 1 never retries"
);
pub(crate) const MULTIPLIER: Rule = rule!(
    "multiplier",
    "must be a finite number of at least 1.0: delays do not shrink from one retry to the next"
);
pub(crate) const MAX_ELAPSED: Rule = rule!(
    "max_elapsed",
    "must be longer than zero: for a single attempt set `max_retries` to 0"
);
pub(crate) const STRATEGY_WITHOUT_EFFECT: Rule = rule!(
    "strategy",
    "must not stand beside `jitter = decorrelated`, because decorrelated jitter draws each delay from the one before"
);
pub(crate) const MULTIPLIER_WITHOUT_EFFECT: Rule = rule!(
    "multiplier",
    "must not stand beside `jitter = decorrelated`, because decorrelated jitter draws each delay from the one before"
);
pub(crate) const MULTIPLIER_OF_NOTHING: Rule = rule!(
    "multiplier",
    "must not stand beside another strategy, because only `strategy = exponential` multiplies"
);
pub(super) const DELAYS: Rule = rule!(
    "base_delay",
    "must not be longer than `max_delay`: lower `base_delay` or raise `max_delay`"
);
