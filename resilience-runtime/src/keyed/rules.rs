//! The rules of `max_keys` and `idle`.

use crate::settings::{Rule, rule};

pub(crate) const MAX_KEYS: Rule = rule!("max_keys", "must be at least 1, like 1000");
pub(crate) const IDLE: Rule = rule!("idle", "must be longer than zero, like 10m");
