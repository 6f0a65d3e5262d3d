//! The permits of one rate limit in the store, as a pure function of time and request.
//!
//! `redis_store/permits.lua` does the same, step by step; the test `permits` of the tests package
//! compares the two. Times are microseconds of the store's clock.

use std::time::Duration;

use super::circuit::micros;

/// The state of one rate limit: a bucket that fills with calls and leaks at the rate of the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SharedPermits {
    /// The calls in the bucket at the moment `at`.
    used: f64,
    at: u64,
}

/// The request of a replica for permits. It brings the replica's own settings, so that versions
/// with different settings share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermitLease {
    /// The number of calls in the time `per`.
    pub limit: u32,
    /// The time in which `limit` calls are admitted.
    pub per: Duration,
    /// The number of calls that may come at once.
    pub burst: u32,
    /// The permits that the replica wants. With 0 it only reads.
    pub wanted: u32,
    /// The calls that the replica has admitted without a permit.
    pub spent: u64,
}

/// The answer to a [`PermitLease`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PermitReply {
    /// The moment, in microseconds of the store's clock.
    pub at: u64,
    /// The permits that are the replica's from now on. They do not end.
    pub granted: u32,
    /// The time until one more permit is there.
    pub next_in: Duration,
    /// The permits that are in use: those of the burst that are gone, less what the rate gave back.
    pub used: f64,
}

impl SharedPermits {
    /// Makes a request at a moment.
    // The script has only this kind of number, and a limit or a burst fits into it exactly.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    pub fn request(&mut self, request: &PermitLease, now: u64) -> PermitReply {
        let PermitLease { wanted, spent, .. } = *request;
        let (limit, burst) = (f64::from(request.limit), f64::from(request.burst));
        let per = micros(request.per).max(1) as f64;
        let passed = now.saturating_sub(self.at) as f64;
        let mut used = (self.used - passed * limit / per).max(0.0) + spent as f64;
        let granted = f64::from(wanted).min(burst - used).floor().max(0.0);
        used += granted;
        // A clock that went back goes on from here.
        if granted > 0.0 || spent > 0 || now < self.at {
            *self = Self { used, at: now };
        }
        let missing = (used + 1.0 - burst).max(0.0);
        PermitReply {
            at: now,
            granted: whole(granted),
            next_in: Duration::from_micros(wait(missing * per / limit)),
            used,
        }
    }
}

/// A number of permits, which is whole and not above those that were wanted.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float takes the nearest number that there is"
)]
fn whole(permits: f64) -> u32 {
    permits as u32
}

/// A time in whole microseconds, at most that which the store keeps.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float takes the nearest number that there is"
)]
fn wait(time: f64) -> u64 {
    (time.ceil() as u64).min(micros(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn lease(wanted: u32, spent: u64) -> PermitLease {
        PermitLease {
            limit: 10,
            per: Duration::from_secs(1),
            burst: 5,
            wanted,
            spent,
        }
    }

    #[test]
    fn no_more_permits_are_leased_than_the_rate_and_the_burst_have() {
        let mut permits = SharedPermits::default();
        assert_eq!(permits.request(&lease(3, 0), SECOND).granted, 3);
        let reply = permits.request(&lease(3, 0), SECOND);
        assert_eq!((reply.granted, reply.used), (2, 5.0));
        assert_eq!(reply.next_in, Duration::from_millis(100));
        assert_eq!(permits.request(&lease(3, 0), SECOND + 99_999).granted, 0);
        assert_eq!(permits.request(&lease(3, 0), SECOND + 100_000).granted, 1);
        assert_eq!(permits.request(&lease(100, 0), 10 * SECOND).granted, 5);
    }

    #[test]
    fn calls_without_a_permit_are_counted_and_hold_up_the_next_lease() {
        let mut permits = SharedPermits::default();
        let reply = permits.request(&lease(1, 9), SECOND);
        assert_eq!((reply.granted, reply.used), (0, 9.0));
        assert_eq!(reply.next_in, Duration::from_millis(500));
        assert_eq!(permits.request(&lease(9, 0), 2 * SECOND).granted, 5);
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_permit_twice() {
        let mut permits = SharedPermits::default();
        assert_eq!(permits.request(&lease(5, 0), 9 * SECOND).granted, 5);
        assert_eq!(permits.request(&lease(5, 0), 2 * SECOND).granted, 0);
        assert_eq!(
            permits.request(&lease(9, 0), 2 * SECOND + 200_000).granted,
            2
        );
    }

    #[test]
    fn a_reading_changes_nothing() {
        let mut permits = SharedPermits::default();
        assert_eq!(permits.request(&lease(0, 0), SECOND).granted, 0);
        assert_eq!(permits, SharedPermits::default());
    }
}
