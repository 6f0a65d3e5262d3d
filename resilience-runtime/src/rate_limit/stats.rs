//! The statistics of a rate limit.

use std::{panic::Location, time::Duration};

use super::fleet_view::RateLimitView;

/// A snapshot of a rate limit, or of all rate limits of a name with keys.
///
/// [`registry::rate_limit`](crate::registry::rate_limit) and
/// [`RateLimit::stats`](crate::RateLimit::stats) return it.
///
/// ```
/// use std::time::Duration;
/// use resilience::{RateLimit, RateLimitConfig};
///
/// let api = RateLimit::new("api", RateLimitConfig::new(1, Duration::from_secs(3600)));
/// api.acquire()?;
/// assert!(api.acquire().is_err());
///
/// let stats = api.stats();
/// assert_eq!((stats.limit, stats.burst, stats.admitted, stats.refused), (1, 1, 1, 1));
/// # Ok::<(), resilience::RateLimited>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RateLimitStats {
    /// The name of the rate limit.
    pub name: String,
    /// The key, for the rate limit of one key. `None` for a rate limit without a key, and for the
    /// sum of a name with keys.
    pub key: Option<String>,
    /// The number of calls in the time `per`, for a name with keys that of each key.
    pub limit: u32,
    /// The time in which `limit` calls are admitted.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::seconds"))]
    pub per: Duration,
    /// The number of calls that may come at once.
    pub burst: u32,
    /// **Now:** calls that wait for their turn.
    pub waiting: u64,
    /// **Since the start:** calls that got a turn, those included that still wait for it.
    pub admitted: u64,
    /// **Since the start:** calls that were refused.
    pub refused: u64,
    /// **Since the start:** calls that passed above the rate, because a configuration file says
    /// `enforce = false`. They are among those admitted.
    pub would_refuse: u64,
    /// **Now:** keys that have a rate limit. 0 for a rate limit that is not a name with keys.
    pub keys: u64,
    /// **Since the start:** calls whose key shared the overflow rate limit.
    pub overflow: u64,
    /// **Since the start:** keys that were forgotten to make room for another one.
    pub evicted: u64,
    /// The part that other processes have in the rate limit. `None` if no fleet shares it. For a
    /// name with keys it is that of one of them, because all are divided in the same way.
    pub fleet: Option<RateLimitView>,
    /// The source line that declared the rate limit.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::place"))]
    pub declared_at: &'static Location<'static>,
}
