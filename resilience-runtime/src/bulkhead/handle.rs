//! The handle of a bulkhead.

use std::{
    borrow::Cow,
    fmt,
    panic::Location,
    // The standard library's, because nothing in a model depends on the handle.
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    admission::{Admission, BulkheadAcquire},
    config::BulkheadConfig,
    error::BulkheadFull,
    permit::BulkheadPermit,
    shared::Shared,
    stats::BulkheadStats,
};
use crate::{
    clock, deadline,
    limiter::{Limiter, Registered},
    operation::Operation,
};

/// A limit for the number of calls that run at the same time.
///
/// `#[bulkhead(25)]` makes the same of a function. This is a cheap handle: clones are the same
/// bulkhead.
///
/// A call that finds no slot waits for as long as [`max_wait`](BulkheadConfig::max_wait) allows.
/// Sync and async callers wait in one queue and are served in their order. A caller that gives up
/// leaves the queue at once.
///
/// ```
/// use std::time::Duration;
/// use resilience::{Bulkhead, BulkheadConfig};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), resilience::BulkheadFull> {
/// let pool = Bulkhead::new("pool", BulkheadConfig::new(2).max_wait(Duration::from_secs(1)));
/// let (_one, two) = (pool.acquire_async().await?, pool.acquire_async().await?);
///
/// let full = pool.acquire_async().await.unwrap_err();
/// assert_eq!(full.waited(), Duration::from_secs(1));
///
/// drop(two);
/// assert!(pool.acquire_async().await.is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Bulkhead {
    shared: Arc<Shared>,
}

impl Bulkhead {
    /// A bulkhead outside the registry. Its statistics say that it was declared here.
    #[track_caller]
    pub fn new(name: impl Into<Cow<'static, str>>, config: BulkheadConfig) -> Self {
        Self::new_at(name.into().into(), &config, Location::caller())
    }

    pub(super) fn of(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    #[inline]
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The name of the bulkhead.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The key, for the bulkhead of one key.
    pub fn key(&self) -> Option<&str> {
        self.shared.name.key()
    }

    /// Takes a slot. The thread waits for at most [`max_wait`](BulkheadConfig::max_wait), in real
    /// time even where tokio's clock is paused, and not beyond the [`deadline`](crate::deadline())
    /// that it runs under.
    ///
    /// # Errors
    /// [`BulkheadFull`] if no slot was free in time.
    pub fn acquire(&self) -> Result<BulkheadPermit<'_>, BulkheadFull> {
        self.acquire_within(self.shared.max_wait(), None)
    }

    /// Takes a slot. The future waits for at most [`max_wait`](BulkheadConfig::max_wait) from its
    /// first poll on, and not beyond a [`deadline`](crate::deadline()) that no timeout around it
    /// enforces. If it is dropped, it leaves the queue.
    ///
    /// # Errors
    /// [`BulkheadFull`] if no slot was free in time.
    ///
    /// # Panics
    /// When polled, if it has to wait for a limited time and there is no tokio runtime with its
    /// timer enabled.
    pub fn acquire_async(&self) -> BulkheadAcquire<'_> {
        BulkheadAcquire::new(Admission::new(&self.shared, self.shared.max_wait(), None))
    }

    /// Admits a call of an annotated function.
    ///
    /// # Errors
    /// [`BulkheadFull`] if no slot was free within `max_wait` of the configuration.
    #[doc(hidden)]
    #[inline]
    pub fn admit(
        &self,
        config: &BulkheadConfig,
        operation: &'static Operation,
    ) -> Result<BulkheadPermit<'_>, BulkheadFull> {
        if self.shared.try_acquire() {
            return Ok(BulkheadPermit::new(&self.shared));
        }
        self.wait(clock::nanos(config.get_max_wait()), Some(operation))
    }

    fn acquire_within(
        &self,
        max_wait: u64,
        operation: Option<&'static Operation>,
    ) -> Result<BulkheadPermit<'_>, BulkheadFull> {
        if self.shared.try_acquire() {
            return Ok(BulkheadPermit::new(&self.shared));
        }
        self.wait(max_wait, operation)
    }

    /// Waits in this thread. Nobody can end the wait from outside, so it does not go beyond the
    /// deadline.
    #[cold]
    fn wait(
        &self,
        max_wait: u64,
        operation: Option<&'static Operation>,
    ) -> Result<BulkheadPermit<'_>, BulkheadFull> {
        let max_wait = clock::span(max_wait);
        let limit = deadline::remaining().map_or(max_wait, |left| left.min(max_wait));
        let start = Instant::now();
        if !limit.is_zero() && self.shared.slots.wait(limit, || start.elapsed()) {
            return Ok(BulkheadPermit::new(&self.shared));
        }
        let waited = if limit.is_zero() {
            Duration::ZERO
        } else {
            start.elapsed()
        };
        Err(self.shared.refuse(Shared::name_of(operation), waited))
    }

    /// Changes the limit and [`max_wait`](BulkheadConfig::max_wait) of callers by handle.
    ///
    /// A higher limit takes effect at once, a lower one as calls end. No source line changes a
    /// bulkhead of the registry back, and its limit holds until a configuration file names it, as
    /// after [`registry::reconfigure_bulkhead`](crate::registry::reconfigure_bulkhead).
    ///
    /// ```
    /// use resilience::{Bulkhead, BulkheadConfig};
    ///
    /// let pool = Bulkhead::new("pool", BulkheadConfig::new(1));
    /// let _permit = pool.acquire()?;
    /// pool.reconfigure(BulkheadConfig::new(2));
    /// assert!(pool.acquire().is_ok());
    /// # Ok::<(), resilience::BulkheadFull>(())
    /// ```
    pub fn reconfigure(&self, config: BulkheadConfig) {
        self.shared.set_max_wait(&config);
        let named = Self::names().get(self.name());
        match named.filter(|named| named.is_single(self)) {
            Some(named) => named.reconfigure(&config),
            None => self.shared.slots.set_limit(config.get_max_concurrent()),
        }
    }

    /// A snapshot of the statistics.
    pub fn stats(&self) -> BulkheadStats {
        Self::stats_of(self.snapshot(), Some(self))
    }
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
