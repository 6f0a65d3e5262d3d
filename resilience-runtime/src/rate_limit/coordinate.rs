//! The handle of a rate limit, for a program that shares it with other processes.

use std::sync::Arc;

use super::{coordinator::RateLimitCoordinator, handle::RateLimit, leases::Division};

/// # Coordination with other processes
///
/// These methods are for a package such as `resilience-fleet`, see [`fleet`](crate::fleet).
impl RateLimit {
    /// Gives the rate limit its line to the rate limits of the same name in other processes. A line
    /// that it had before ends.
    ///
    /// The rate limit admits calls by itself until [`lease_among`](Self::lease_among) or
    /// [`divide_among`](Self::divide_among) says how many processes share it. A call never waits
    /// for the coordinator. The coordinator should hold no handle of the rate limit, because the
    /// rate limit then would never be freed.
    ///
    /// ```
    /// use std::{sync::Arc, time::Duration};
    /// use resilience::fleet::{PermitRequest, RateLimitCoordinator};
    /// use resilience::{RateLimit, RateLimitConfig};
    ///
    /// /// Grants each request, as if the other processes made no calls.
    /// struct Generous;
    ///
    /// impl RateLimitCoordinator for Generous {
    ///     fn wanted(&self, request: PermitRequest) {
    ///         let permits = request.permits();
    ///         request.grant(permits, Duration::ZERO);
    ///     }
    /// }
    ///
    /// let api = RateLimit::new("api", RateLimitConfig::new(100, Duration::from_secs(1)));
    /// api.coordinate(Arc::new(Generous));
    /// api.lease_among(4, 10);
    /// assert!((0..1_000).all(|_| api.acquire().is_ok()));
    /// ```
    pub fn coordinate(&self, coordinator: Arc<dyn RateLimitCoordinator>) {
        self.shared().set_coordinator(Some(coordinator));
    }

    /// Ends the rate limit's line to other processes. It has the whole limit from now on.
    pub fn end_coordination(&self) {
        self.shared().set_coordinator(None);
    }

    /// Lets calls take leased permits. The rate limit asks its coordinator for them when half of a
    /// batch is gone, and has at most `batch - 1` in hand.
    ///
    /// A call that finds no permit takes a turn of this process's share, which is the rate divided
    /// by `replicas`, one call at a time. So all processes together admit at most `batch` calls for
    /// each process more than the limit and its burst. A call that waits for its turn may be
    /// overtaken by a later one that finds a permit.
    ///
    /// # Panics
    /// If `replicas` is 0, or `batch` below 2.
    pub fn lease_among(&self, replicas: u32, batch: u32) {
        assert!(replicas >= 1, "`replicas` must be at least 1, like 5");
        assert!(batch >= 2, "`batch` must be at least 2, like 10");
        let most = batch - 1;
        self.shared().divide(Some(Division { replicas, most }));
    }

    /// Gives this process its share of the limit and its burst, because no permits can be leased:
    /// both divided by the number of processes.
    ///
    /// # Panics
    /// If `replicas` is 0.
    pub fn divide_among(&self, replicas: u32) {
        assert!(replicas >= 1, "`replicas` must be at least 1, like 5");
        self.shared().divide(Some(Division { replicas, most: 0 }));
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
