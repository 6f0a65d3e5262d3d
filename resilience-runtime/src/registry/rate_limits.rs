//! Rate limits by name.

use std::panic::Location;

use crate::{
    limiter::Registered,
    rate_limit::{RateLimit, RateLimitConfig, RateLimitStats},
};

/// The rate limit of that name; a new one, declared here, if there is none.
///
/// If there is one with another configuration, it takes this one if the same source line registered
/// it. Otherwise it keeps its own, and the clash is logged once per name. The name is a constant,
/// because names that are computed are [keys](macro@crate::rate_limit).
/// [`max_wait`](RateLimitConfig::max_wait) is that of the first call, and is not compared.
///
/// ```
/// use std::time::Duration;
/// use resilience::{RateLimitConfig, registry};
///
/// const SECOND: Duration = Duration::from_secs(1);
///
/// let api = registry::get_or_register_rate_limit("api", RateLimitConfig::new(5, SECOND));
/// api.acquire()?;
/// assert_eq!(registry::rate_limit("api").map(|stats| stats.admitted), Some(1));
/// # Ok::<(), resilience::RateLimited>(())
/// ```
#[track_caller]
pub fn get_or_register_rate_limit(name: &'static str, config: RateLimitConfig) -> RateLimit {
    RateLimit::names().handle(name, &config, Location::caller())
}

/// Gives the rate limit of that name, and those of its keys, another configuration. Returns true if
/// there is one.
///
/// Turns that calls have taken stay theirs. No source line changes the configuration after this.
/// [`max_wait`](RateLimitConfig::max_wait) belongs to the functions, so it is left as it is.
///
/// ```
/// use std::time::Duration;
/// use resilience::{RateLimitConfig, registry};
///
/// const SECOND: Duration = Duration::from_secs(1);
///
/// registry::get_or_register_rate_limit("mail", RateLimitConfig::new(5, SECOND));
/// assert!(registry::reconfigure_rate_limit("mail", RateLimitConfig::new(8, SECOND)));
/// assert_eq!(registry::rate_limit("mail").map(|stats| stats.limit), Some(8));
/// assert!(!registry::reconfigure_rate_limit("never_called", RateLimitConfig::new(8, SECOND)));
/// ```
pub fn reconfigure_rate_limit(name: &str, config: RateLimitConfig) -> bool {
    RateLimit::names().reconfigure(name, &config)
}

/// The statistics of the rate limit of that name, if one is registered. For a name with keys they
/// are the sums over all keys.
///
/// ```
/// # use resilience::registry;
/// assert!(registry::rate_limit("never_called").is_none());
/// ```
pub fn rate_limit(name: &str) -> Option<RateLimitStats> {
    RateLimit::names().stats(name)
}

/// The statistics of the rate limit of a key of that name, if the key has one of its own.
///
/// ```
/// # use resilience::registry;
/// assert!(registry::rate_limit_of_key("never_called", "tenant-7").is_none());
/// ```
pub fn rate_limit_of_key(name: &str, key: &str) -> Option<RateLimitStats> {
    RateLimit::names().stats_of_key(name, key)
}
