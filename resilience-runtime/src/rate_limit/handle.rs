//! The handle of a rate limit.

use std::{
    borrow::Cow,
    fmt,
    panic::Location,
    // The standard library's, because nothing in a model depends on the handle.
    sync::Arc,
    thread,
};

use super::{
    acquire::RateLimitAcquire, config::RateLimitConfig, error::RateLimited, shared::Shared,
    stats::RateLimitStats, turn::Turn,
};
use crate::{
    clock,
    limiter::{Limiter, Registered},
    operation::Operation,
};

/// A limit for the number of calls in a time.
///
/// `#[rate_limit(100, per = 1s)]` makes the same of a function. This is a cheap handle: clones are
/// the same rate limit.
///
/// After a pause, [`burst`](RateLimitConfig::burst) calls may come at once; then one in `per /
/// limit`. A call whose turn comes later waits for it, if that is not longer than
/// [`max_wait`](RateLimitConfig::max_wait). Callers that wait have their turns in the order in
/// which they came. A caller that gives up while it waits has used its turn.
///
/// ```
/// use std::time::Duration;
/// use resilience::{RateLimit, RateLimitConfig};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), resilience::RateLimited> {
/// let second = Duration::from_secs(1);
/// let api = RateLimit::new("api", RateLimitConfig::new(10, second).burst(1).max_wait(second));
///
/// let start = tokio::time::Instant::now();
/// for _ in 0..11 {
///     api.acquire_async().await?;
/// }
/// assert_eq!(start.elapsed(), second);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RateLimit {
    shared: Arc<Shared>,
}

impl RateLimit {
    /// A rate limit outside the registry. Its statistics say that it was declared here.
    #[track_caller]
    pub fn new(name: impl Into<Cow<'static, str>>, config: RateLimitConfig) -> Self {
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

    /// The name of the rate limit.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The key, for the rate limit of one key.
    pub fn key(&self) -> Option<&str> {
        self.shared.name.key()
    }

    /// True if both handles are of one rate limit. Two rate limits may have the same name and key,
    /// because a key that was forgotten may come again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::{RateLimit, RateLimitConfig};
    ///
    /// let config = RateLimitConfig::new(100, Duration::from_secs(1));
    /// let api = RateLimit::new("api", config);
    /// assert!(api.is_same(&api.clone()));
    /// assert!(!api.is_same(&RateLimit::new("api", config)));
    /// ```
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The configuration that the rate limit has now. If processes share it, this is that of all of
    /// them together.
    pub fn config(&self) -> RateLimitConfig {
        self.shared.config()
    }

    /// Takes a turn. The thread waits for it if that is not longer than
    /// [`max_wait`](RateLimitConfig::max_wait), in real time even where tokio's clock is paused.
    ///
    /// # Errors
    /// [`RateLimited`] if the turn would come later, or not before the
    /// [`deadline`](crate::deadline()) that the call runs under.
    pub fn acquire(&self) -> Result<(), RateLimited> {
        let wait = self.shared.take(self.shared.max_wait(), None)?;
        self.wait(wait);
        Ok(())
    }

    /// Takes a turn at the first poll. The future waits for it if that is not longer than
    /// [`max_wait`](RateLimitConfig::max_wait). If it is dropped, its turn is used up.
    ///
    /// # Errors
    /// [`RateLimited`] if the turn would come later, or not before the
    /// [`deadline`](crate::deadline()) that the call runs under.
    ///
    /// # Panics
    /// When polled, if it has to wait and there is no tokio runtime with its timer enabled.
    pub fn acquire_async(&self) -> RateLimitAcquire<'_> {
        RateLimitAcquire::new(Turn::new(&self.shared, self.shared.max_wait(), None))
    }

    /// Admits a call of an annotated function.
    ///
    /// # Errors
    /// [`RateLimited`] if its turn would come too late.
    #[doc(hidden)]
    #[inline]
    pub fn admit(
        &self,
        config: &RateLimitConfig,
        operation: &'static Operation,
    ) -> Result<(), RateLimited> {
        let max_wait = clock::nanos(config.get_max_wait());
        let wait = self.shared.take(max_wait, Some(operation))?;
        self.wait(wait);
        Ok(())
    }

    #[inline]
    fn wait(&self, wait: u64) {
        if wait > 0 {
            let _waiting = self.shared.wait();
            thread::sleep(clock::span(wait));
        }
    }

    /// Changes the rate and [`max_wait`](RateLimitConfig::max_wait) of callers by handle. Turns
    /// that calls have taken stay theirs.
    ///
    /// No source line changes a rate limit of the registry back, and its rate holds until a
    /// configuration file names it, as after
    /// [`registry::reconfigure_rate_limit`](crate::registry::reconfigure_rate_limit).
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::{RateLimit, RateLimitConfig};
    ///
    /// let config = RateLimitConfig::new(1, Duration::from_secs(3600));
    /// let api = RateLimit::new("api", config);
    /// api.acquire()?;
    /// assert!(api.acquire().is_err());
    /// api.reconfigure(config.burst(3));
    /// assert!(api.acquire().is_ok());
    /// # Ok::<(), resilience::RateLimited>(())
    /// ```
    pub fn reconfigure(&self, config: RateLimitConfig) {
        self.shared.set_max_wait(&config);
        let named = Self::names().get(self.name());
        match named.filter(|named| named.is_single(self)) {
            Some(named) => named.reconfigure(&config),
            None => self.shared.configure(&config),
        }
    }

    /// A snapshot of the statistics.
    pub fn stats(&self) -> RateLimitStats {
        Self::stats_of(self.snapshot(), Some(self))
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
