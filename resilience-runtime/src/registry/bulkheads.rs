//! Bulkheads by name.

use std::panic::Location;

use crate::{
    bulkhead::{Bulkhead, BulkheadConfig, BulkheadStats},
    limiter::Registered,
};

/// The bulkhead of that name; a new one, declared here, if there is none.
///
/// If there is one with another configuration, it takes this one if the same source line registered
/// it. Otherwise it keeps its own, and the clash is logged once per name. The name is a constant,
/// because names that are computed are [keys](macro@crate::bulkhead).
/// [`max_wait`](BulkheadConfig::max_wait) is that of the first call, and is not compared.
///
/// ```
/// use resilience::{BulkheadConfig, registry};
///
/// let pool = registry::get_or_register_bulkhead("pool", BulkheadConfig::new(5));
/// let _permit = pool.acquire()?;
/// assert_eq!(registry::bulkhead("pool").map(|stats| stats.in_use), Some(1));
/// # Ok::<(), resilience::BulkheadFull>(())
/// ```
#[track_caller]
pub fn get_or_register_bulkhead(name: &'static str, config: BulkheadConfig) -> Bulkhead {
    Bulkhead::names().handle(name, &config, Location::caller())
}

/// Gives the bulkhead of that name, and those of its keys, another configuration. Returns true if
/// there is one.
///
/// A higher limit takes effect at once, a lower one as calls end. No source line changes the
/// configuration after this. [`max_wait`](BulkheadConfig::max_wait) belongs to the functions, so it
/// is left as it is.
///
/// ```
/// use resilience::{BulkheadConfig, registry};
///
/// registry::get_or_register_bulkhead("mailbox", BulkheadConfig::new(5));
/// assert!(registry::reconfigure_bulkhead("mailbox", BulkheadConfig::new(8)));
/// assert_eq!(registry::bulkhead("mailbox").map(|stats| stats.limit), Some(8));
/// assert!(!registry::reconfigure_bulkhead("never_called", BulkheadConfig::new(8)));
/// ```
pub fn reconfigure_bulkhead(name: &str, config: BulkheadConfig) -> bool {
    Bulkhead::names().reconfigure(name, &config)
}

/// The statistics of the bulkhead of that name, if one is registered. For a name with keys they are
/// the sums over all keys.
///
/// ```
/// # use resilience::registry;
/// assert!(registry::bulkhead("never_called").is_none());
/// ```
pub fn bulkhead(name: &str) -> Option<BulkheadStats> {
    Bulkhead::names().stats(name)
}

/// The statistics of the bulkhead of a key of that name, if the key has one of its own.
///
/// ```
/// # use resilience::registry;
/// assert!(registry::bulkhead_of_key("never_called", "tenant-7").is_none());
/// ```
pub fn bulkhead_of_key(name: &str, key: &str) -> Option<BulkheadStats> {
    Bulkhead::names().stats_of_key(name, key)
}
