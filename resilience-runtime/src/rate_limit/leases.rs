//! The permits that a rate limit leased, and its line to those who lease them.

use std::{
    fmt,
    // The types are the standard library's: a permit that two threads fight for goes to one of them
    // by a single atomic operation, and no other decision depends on the order.
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use super::{coordinator::RateLimitCoordinator, permit_request::Lessee};

/// The part that other processes have in a rate limit.
#[derive(Default)]
pub(super) struct Leases {
    /// The permits in hand.
    permits: AtomicU64,
    /// The calls that took no permit, and that the others do not know of.
    spent: AtomicU64,
    /// Nobody asks for permits before this moment.
    asks_at: AtomicU64,
    /// The processes among which the limit is divided. 0 while nobody else has a part in it.
    replicas: AtomicU32,
    /// The most permits in hand. 0 while the others cannot be reached.
    most: AtomicU32,
    line: RwLock<Option<Line>>,
}

/// The line of a limit to those who lease it permits.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) lessee: Weak<dyn Lessee>,
    pub(super) coordinator: Arc<dyn RateLimitCoordinator>,
}

/// The share that a process has in a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Division {
    /// It is at least 1.
    pub(super) replicas: u32,
    /// The most leased permits in hand. 0 if no permits can be leased.
    pub(super) most: u32,
}

/// The nanoseconds for which a question holds up the next one if no answer comes.
const UNANSWERED: u64 = 100_000_000;

impl Leases {
    /// The share of this process. `None` if nobody else has a part in the limit.
    pub(super) fn division(&self) -> Option<Division> {
        let replicas = self.replicas.load(Ordering::Relaxed);
        (replicas > 0).then(|| Division {
            replicas,
            most: self.most.load(Ordering::Relaxed),
        })
    }

    pub(super) fn divide(&self, division: Option<Division>) {
        let Division { replicas, most } = division.unwrap_or(Division {
            replicas: 0,
            most: 0,
        });
        self.replicas.store(replicas, Ordering::Relaxed);
        self.most.store(most, Ordering::Relaxed);
        if most == 0 {
            self.spent.store(0, Ordering::Relaxed);
            self.asks_at.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn line(&self) -> Option<Line> {
        let line = self.line.read();
        // Nothing panics under the lock.
        line.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_line(&self, line: Option<Line>) {
        let mut place = self.line.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *place, line);
        drop(place);
        // The coordinator is other people's code, so it is dropped outside of the lock.
        drop(before);
    }

    /// Takes a permit, if there is one.
    pub(super) fn take(&self) -> bool {
        let one_less = |permits: u64| permits.checked_sub(1);
        self.permits
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
    }

    /// The number of permits to ask for, if this call has to ask: half of the permits are gone, and
    /// no other call has asked.
    pub(super) fn wants(&self, now: u64) -> Option<u32> {
        let most = u64::from(self.most.load(Ordering::Relaxed));
        let permits = self.permits.load(Ordering::Relaxed);
        if most == 0 || 2 * permits > most {
            return None;
        }
        let asks_at = self.asks_at.load(Ordering::Relaxed);
        let next = now.saturating_add(UNANSWERED);
        let is_mine = now >= asks_at
            && self
                .asks_at
                .compare_exchange(asks_at, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        is_mine.then(|| u32::try_from(most - permits).unwrap_or(u32::MAX))
    }

    /// Adds permits. Nobody asks for more before the moment `asks_at`.
    ///
    /// Permits beyond the most in hand are lost. They come if several questions were under way,
    /// because the answers are late, and with them the process would be too far ahead of the
    /// others.
    pub(super) fn add(&self, permits: u32, asks_at: u64) {
        let most = match self.most.load(Ordering::Relaxed) {
            // The question was asked before the contact was lost.
            0 => u64::MAX,
            most => most.into(),
        };
        let more = |now: u64| Some(now.saturating_add(permits.into()).min(most.max(now)));
        // The update succeeds, because each number has a next one.
        let _ = self
            .permits
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        self.asks_at.store(asks_at, Ordering::Relaxed);
    }

    /// Notes calls that took no permit. Nobody counts them while no permits can be leased.
    pub(super) fn spend(&self, calls: u64) {
        if self.most.load(Ordering::Relaxed) > 0 {
            self.spent.fetch_add(calls, Ordering::Relaxed);
        }
    }

    pub(super) fn take_spent(&self) -> u64 {
        self.spent.swap(0, Ordering::Relaxed)
    }
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases")
            .field("permits", &self.permits)
            .field("division", &self.division())
            .finish_non_exhaustive()
    }
}
