//! The question of a rate limit for further permits.

use std::{fmt, sync::Arc, time::Duration};

use super::config::RateLimitConfig;

/// A rate limit that leases permits.
pub(super) trait Lessee: Send + Sync {
    fn name(&self) -> &str;

    fn config(&self) -> RateLimitConfig;

    /// Adds leased permits. It asks for more after the time `next_in` at the earliest.
    fn take_lease(&self, permits: u32, next_in: Duration);

    /// Notes calls that took turns of this process's share.
    fn note_spent(&self, calls: u64);
}

/// The question of a rate limit for further permits.
///
/// A request that is dropped is answered, too: the calls that it told of are told of again by the
/// next one, which comes after 100 ms at the earliest.
#[must_use = "a request that is dropped leaves the rate limit without permits"]
pub struct PermitRequest {
    lessee: Arc<dyn Lessee>,
    permits: u32,
    spent: u64,
    is_answered: bool,
}

impl PermitRequest {
    pub(super) fn new(lessee: Arc<dyn Lessee>, permits: u32, spent: u64) -> Self {
        Self {
            lessee,
            permits,
            spent,
            is_answered: false,
        }
    }

    /// The limit of all processes together.
    pub fn config(&self) -> RateLimitConfig {
        self.lessee.config()
    }

    /// The permits that the rate limit wants.
    pub fn permits(&self) -> u32 {
        self.permits
    }

    /// The calls since the last request that took no leased permit, because there was none. They
    /// took turns of this process's share, and the others have not counted them yet.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// Leases so many permits. The rate limit asks for more after the time `next_in` at the
    /// earliest.
    ///
    /// Permits beyond the most that [`lease_among`](crate::RateLimit::lease_among) allows in hand
    /// are lost.
    pub fn grant(mut self, permits: u32, next_in: Duration) {
        self.is_answered = true;
        self.lessee.take_lease(permits, next_in);
    }
}

impl Drop for PermitRequest {
    fn drop(&mut self) {
        if !self.is_answered {
            self.lessee.note_spent(self.spent);
        }
    }
}

impl fmt::Debug for PermitRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitRequest")
            .field("limit", &self.lessee.name())
            .field("permits", &self.permits)
            .field("spent", &self.spent)
            .finish_non_exhaustive()
    }
}
