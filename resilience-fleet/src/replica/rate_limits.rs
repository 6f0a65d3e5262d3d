//! The rate limits that a replica shares.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use resilience::{RateLimit, RateLimitConfig};

use crate::{rate_limit_id::RateLimitId, store::PermitLease};

/// The rate limits, and the number of replicas among which they are divided. Clones are the same.
///
/// A limit is divided in the thread of the call that it came with, before that call passes it.
#[derive(Clone, Debug)]
pub(super) struct RateLimits(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    by_id: BTreeMap<RateLimitId, RateLimit>,
    division: Division,
}

/// The part of this replica in each limit.
#[derive(Clone, Copy, Debug)]
struct Division {
    /// The last known number of replicas. It is at least 1.
    replicas: u32,
    /// Permits can be leased.
    can_lease: bool,
    batch_share: f64,
}

impl Division {
    fn apply(self, limit: &RateLimit) {
        if self.can_lease {
            limit.lease_among(self.replicas, self.batch(&limit.config()));
        } else {
            limit.divide_among(self.replicas);
        }
    }

    fn batch(self, config: &RateLimitConfig) -> u32 {
        batch(config, self.replicas, self.batch_share)
    }
}

impl RateLimits {
    pub(super) fn new(batch_share: f64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            by_id: BTreeMap::new(),
            division: Division {
                replicas: 1,
                can_lease: false,
                batch_share,
            },
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, limit: &RateLimit) {
        let id = RateLimitId::new(limit.name(), limit.key());
        let division = {
            let mut inner = self.lock();
            inner.by_id.insert(id, limit.clone());
            inner.division
        };
        division.apply(limit);
    }

    /// Removes a limit, unless another one of the same key came before this one was told to go.
    pub(super) fn remove(&self, limit: &RateLimit) {
        let id = RateLimitId::new(limit.name(), limit.key());
        let mut inner = self.lock();
        let is_present = |present: &RateLimit| present.is_same(limit);
        let removed = inner
            .by_id
            .get(&id)
            .is_some_and(is_present)
            .then(|| inner.by_id.remove(&id));
        drop(inner);
        drop(removed);
    }

    pub(super) fn all(&self) -> Vec<(RateLimitId, RateLimit)> {
        let inner = self.lock();
        let limits = inner.by_id.iter();
        limits
            .map(|(id, limit)| (id.clone(), limit.clone()))
            .collect()
    }

    /// Takes the number of replicas that are alive over.
    pub(super) fn set_replicas(&self, replicas: usize) {
        let replicas = u32::try_from(replicas).unwrap_or(u32::MAX).max(1);
        self.lock().division.replicas = replicas;
        self.divide();
    }

    /// Lets the limits lease permits, or divides them among the replicas.
    pub(super) fn set_leasing(&self, can_lease: bool) {
        self.lock().division.can_lease = can_lease;
        self.divide();
    }

    /// Divides all limits among the replicas. Nothing changes if the settings and the replicas are
    /// the same as before.
    pub(super) fn divide(&self) {
        let division = self.lock().division;
        // No lock is held meanwhile, because a call may bring a limit.
        for (_, limit) in self.all() {
            division.apply(&limit);
        }
    }

    /// A request for no permits, with the settings of a limit. The store's burst is at least a
    /// batch, because a batch would never be there at once otherwise.
    pub(super) fn reading(&self, config: &RateLimitConfig) -> PermitLease {
        let batch = self.lock().division.batch(config);
        PermitLease {
            limit: config.get_limit(),
            per: config.get_per(),
            burst: config.get_burst().max(batch),
            wanted: 0,
            spent: 0,
        }
    }
}

/// The time for whose calls the batches last at least, because a limit with a small burst would
/// lease call by call otherwise.
const LASTS: Duration = Duration::from_millis(100);

/// The calls that the replica may be ahead of the others.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float takes the nearest number that there is"
)]
fn batch(config: &RateLimitConfig, replicas: u32, share: f64) -> u32 {
    let rate = f64::from(config.get_limit()) / config.get_per().as_secs_f64();
    let calls = f64::from(config.get_burst()).max(rate * LASTS.as_secs_f64());
    let batch = (calls * share / f64::from(replicas)).ceil() as u32;
    batch.max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_goes_late_leaves_the_next_one_of_its_key() {
        let limits = RateLimits::new(0.2);
        let config = RateLimitConfig::new(100, Duration::from_secs(1));
        let (evicted, next) = (
            RateLimit::new("late", config),
            RateLimit::new("late", config),
        );
        limits.add(&evicted);
        limits.add(&next);
        limits.remove(&evicted);
        let left = limits.all();
        assert!(matches!(&left[..], [(_, limit)] if limit.is_same(&next)));
        limits.remove(&next);
        assert!(limits.all().is_empty());
    }

    #[test]
    fn the_batches_of_all_replicas_are_a_share_of_the_burst() {
        let second = Duration::from_secs(1);
        let config = RateLimitConfig::new(100, second);
        assert_eq!(batch(&config, 5, 0.2), 4);
        assert_eq!(batch(&config, 1, 0.2), 20);
        assert_eq!(
            batch(&config, 1_000, 0.2),
            2,
            "one in hand, one of the share"
        );
        let even = RateLimitConfig::new(10_000, second).burst(1);
        assert_eq!(batch(&even, 5, 0.2), 40, "the calls of 100 ms count");
        let largest = RateLimitConfig::new(u32::MAX, Duration::from_nanos(1));
        assert_eq!(batch(&largest, 1, 1.0), u32::MAX);
    }
}
