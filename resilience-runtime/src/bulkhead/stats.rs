//! The statistics of a bulkhead.

use std::panic::Location;

/// A snapshot of a bulkhead, or of all bulkheads of a name with keys.
///
/// [`registry::bulkhead`](crate::registry::bulkhead) and
/// [`Bulkhead::stats`](crate::Bulkhead::stats) return it.
///
/// ```
/// use resilience::{Bulkhead, BulkheadConfig};
///
/// let pool = Bulkhead::new("pool", BulkheadConfig::new(1));
/// let permit = pool.acquire()?;
/// assert!(pool.acquire().is_err());
///
/// let stats = pool.stats();
/// assert_eq!((stats.limit, stats.in_use, stats.admitted, stats.refused), (1, 1, 1, 1));
/// drop(permit);
/// assert_eq!(pool.stats().in_use, 0);
/// # Ok::<(), resilience::BulkheadFull>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BulkheadStats {
    /// The name of the bulkhead.
    pub name: String,
    /// The key, for the bulkhead of one key. `None` for a bulkhead without a key, and for the sum
    /// of a name with keys.
    pub key: Option<String>,
    /// The number of calls that may run at the same time, for a name with keys that of each key.
    pub limit: u32,
    /// **Now:** calls that run.
    pub in_use: u64,
    /// **Now:** calls that wait for a slot.
    pub waiting: u64,
    /// **Since the start:** calls that got a slot.
    pub admitted: u64,
    /// **Since the start:** calls that were refused.
    pub refused: u64,
    /// **Since the start:** calls that ran above the limit, because a configuration file says
    /// `enforce = false`. They are among those admitted.
    pub would_refuse: u64,
    /// **Now:** keys that have a bulkhead. 0 for a bulkhead that is not a name with keys.
    pub keys: u64,
    /// **Since the start:** calls whose key shared the overflow bulkhead.
    pub overflow: u64,
    /// **Since the start:** keys that were forgotten to make room for another one.
    pub evicted: u64,
    /// The source line that declared the bulkhead.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::place"))]
    pub declared_at: &'static Location<'static>,
}
