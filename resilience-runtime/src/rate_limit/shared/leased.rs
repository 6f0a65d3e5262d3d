//! A rate limit that several processes share: its calls take leased permits first, and then turns
//! of this process's share.

use std::{
    sync::{Arc, PoisonError, Weak, atomic::Ordering},
    time::Duration,
};

use super::{SHARED, Shared, rate};
use crate::{
    clock,
    rate_limit::{
        config::RateLimitConfig,
        coordinator::RateLimitCoordinator,
        fleet_view::RateLimitView,
        leases::{Division, Leases, Line},
        permit_request::{Lessee, PermitRequest},
        rate::Rate,
    },
    unwind::quietly,
};

impl Shared {
    /// Gives the limit its line to other processes, or takes it away.
    pub(crate) fn set_coordinator(
        self: &Arc<Self>,
        coordinator: Option<Arc<dyn RateLimitCoordinator>>,
    ) {
        let is_shared = coordinator.is_some();
        let lessee: Weak<Self> = Arc::downgrade(self);
        let line = coordinator.map(|coordinator| Line {
            lessee,
            coordinator,
        });
        let leases = self.leases.get_or_init(Box::default);
        leases.set_line(line);
        if is_shared {
            self.flags.fetch_or(SHARED, Ordering::Relaxed);
        } else {
            self.flags.fetch_and(!SHARED, Ordering::Relaxed);
            self.divide(None);
        }
    }

    /// Gives this process its share of the limit.
    pub(crate) fn divide(&self, division: Option<Division>) {
        let leases = self.leases.get_or_init(Box::default);
        // The lock keeps the rate that of the present configuration.
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        if leases.division() != division {
            leases.divide(division);
            self.cells.set_rate(self.own_rate(&config), clock::now());
        }
    }

    /// The part that other processes have in the limit, for operators.
    pub(crate) fn fleet_view(&self) -> Option<RateLimitView> {
        let leases = self.leases.get()?;
        let Division { replicas, most } = leases.division()?;
        let coordinator = leases.line()?.coordinator;
        let mut name = String::new();
        quietly(|| name = coordinator.fleet_name());
        Some(RateLimitView {
            name,
            is_degraded: most == 0,
            replicas,
            batch: if most == 0 { 0 } else { most + 1 },
        })
    }

    /// The rate at which calls without a leased permit have their turns.
    pub(super) fn own_rate(&self, config: &RateLimitConfig) -> Rate {
        let Some(Division { replicas, most }) = self.leases.get().and_then(|it| it.division())
        else {
            return rate(config);
        };
        let per = config.get_per().saturating_mul(replicas);
        // The permits in hand are the burst. Without them each process has its share of the burst.
        let burst = match most {
            0 => config.get_burst().div_ceil(replicas),
            _ => 1,
        };
        Rate::new(config.get_limit(), per, burst)
    }

    /// Takes a leased permit, if there is one, and asks for more if there are few.
    #[cold]
    pub(super) fn take_leased(&self, now: u64) -> bool {
        let Some(leases) = self.leases.get() else {
            return false;
        };
        let is_taken = leases.take();
        if let Some(permits) = leases.wants(now) {
            ask_for(leases, permits);
        }
        is_taken
    }
}

impl Lessee for Shared {
    fn name(&self) -> &str {
        &self.name
    }

    fn config(&self) -> RateLimitConfig {
        Shared::config(self)
    }

    fn take_lease(&self, permits: u32, next_in: Duration) {
        if let Some(leases) = self.leases.get() {
            let asks_at = clock::now().saturating_add(clock::nanos(next_in));
            leases.add(permits, asks_at);
        }
    }

    fn note_spent(&self, calls: u64) {
        if let Some(leases) = self.leases.get() {
            leases.spend(calls);
        }
    }
}

fn ask_for(leases: &Leases, permits: u32) {
    let Some(Line {
        lessee,
        coordinator,
    }) = leases.line()
    else {
        return;
    };
    // The caller has the limit, so it is there.
    if let Some(lessee) = lessee.upgrade() {
        let request = PermitRequest::new(lessee, permits, leases.take_spent());
        quietly(|| coordinator.wanted(request));
    }
}
