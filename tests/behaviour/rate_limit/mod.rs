//! `#[rate_limit]`.

mod error;
mod rate;
mod stacked;

use resilience::{RateLimitStats, RateLimited, registry};

/// The error that a refusal becomes.
#[derive(Clone, Debug, PartialEq)]
enum ApiError {
    Limited(RateLimited),
}

impl From<RateLimited> for ApiError {
    fn from(limited: RateLimited) -> Self {
        Self::Limited(limited)
    }
}

/// The rate limit of an attribute that has run at least once.
#[track_caller]
fn stats(name: &str) -> RateLimitStats {
    registry::rate_limit(name).expect("the first call registers it")
}
