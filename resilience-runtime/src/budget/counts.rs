//! The counts of a budget, and their driver: it reads the clock and takes the lock.

use super::deposits::Deposits;
use super::log;
use super::settings::{SCALE, Settings};
use super::slices::{Slice, Slices};
use super::stats::RetryBudgetStats;
#[cfg(feature = "config")]
use super::versions::Versions;
use super::withdrawals::{Withdrawal, Withdrawals};
use crate::clock;
use crate::events::{self, EventKind};
use crate::sync::{Mutex, MutexGuard};
use crate::thread_shard::ThreadShard;
use std::sync::PoisonError;
#[cfg(feature = "config")]
use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

/// The counts of a budget that is used. They live as long as the process.
#[derive(Debug)]
pub(super) struct Counts {
    name: &'static str,
    /// The settings that the program gives the budget.
    #[cfg(feature = "config")]
    base: Settings,
    slices: CurrentSlices,
    deposits: Deposits,
    locked: Mutex<Locked>,
}

/// The part of the counts that is under their lock.
#[derive(Debug)]
struct Locked {
    settings: Settings,
    withdrawals: Withdrawals,
}

impl Counts {
    pub(super) fn new(name: &'static str, settings: Settings) -> Self {
        Self {
            name,
            #[cfg(feature = "config")]
            base: settings,
            slices: CurrentSlices::new(Slices::of(clock::nanos(settings.window))),
            deposits: Deposits::default(),
            locked: Mutex::new(Locked {
                settings,
                withdrawals: Withdrawals::default(),
            }),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Counts a call that begins now.
    #[inline]
    pub(super) fn deposit(&self) {
        self.deposits.add(self.slice(), ThreadShard::current());
    }

    /// The slice of now. A slice is a tenth of a second or longer, so the coarse clock tells it:
    /// all counts of a budget go by that clock.
    #[inline]
    fn slice(&self) -> Slice {
        self.slices.at(clock::coarse_now())
    }

    /// Withdraws one retry. False if the budget does not allow it.
    pub(super) fn withdraw(&self, operation: &str) -> bool {
        let now = clock::coarse_now();
        let slice = self.slices.at(now);
        let calls = self.deposits.in_window(slice);
        let withdrawal = {
            let Locked {
                settings,
                withdrawals,
            } = &mut *self.lock();
            withdrawals.withdraw(settings, calls, slice, now)
        };
        // The lock is free here, because the log and the subscribers run code of others.
        if let Withdrawal::Refused { warns } = withdrawal {
            if warns {
                log::exhausted(&self.stats());
            }
            let budget = self.name;
            events::emit(Some(operation), || EventKind::BudgetExhausted { budget });
        }
        withdrawal == Withdrawal::Granted
    }

    pub(super) fn stats(&self) -> RetryBudgetStats {
        let slice = self.slice();
        let window_calls = self.deposits.in_window(slice);
        let Locked {
            settings,
            withdrawals,
        } = &*self.lock();
        let (total, window) = (withdrawals.total(), withdrawals.in_window(slice));
        let balance = withdrawals.balance(settings, window_calls, slice);
        RetryBudgetStats {
            calls: self.deposits.total(),
            retries: total.retries,
            refused: total.refused,
            window_calls,
            window_retries: window.retries,
            window_refused: window.refused,
            available: balance / SCALE,
            ..RetryBudgetStats::unused(self.name, settings)
        }
    }

    fn lock(&self) -> MutexGuard<'_, Locked> {
        // Nothing panics under the lock.
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "config")]
impl Counts {
    /// The settings that the program gives the budget.
    pub(super) fn base(&self) -> Settings {
        self.base
    }

    /// Takes other settings. The counts stay, unless the window has another length.
    pub(super) fn reconfigure(&self, settings: Settings) {
        let mut locked = self.lock();
        if settings.window != locked.settings.window {
            let window = clock::nanos(settings.window);
            let changed = self.slices.get().changed_to(window, clock::coarse_now());
            self.slices.set(changed);
        }
        locked.settings = settings;
    }
}

/// The slices of the present window. Each deposit reads them, without a lock.
#[derive(Debug)]
struct CurrentSlices {
    first: Slices,
    /// The number of the changed slices above 0.
    #[cfg(feature = "config")]
    changed: AtomicU32,
    #[cfg(feature = "config")]
    later: OnceLock<Box<Versions<Slices>>>,
}

impl CurrentSlices {
    fn new(first: Slices) -> Self {
        Self {
            first,
            #[cfg(feature = "config")]
            changed: AtomicU32::new(0),
            #[cfg(feature = "config")]
            later: OnceLock::new(),
        }
    }

    #[cfg(not(feature = "config"))]
    #[inline]
    fn at(&self, now: u64) -> Slice {
        self.first.at(now)
    }

    #[cfg(feature = "config")]
    #[inline]
    fn at(&self, now: u64) -> Slice {
        if self.changed.load(Ordering::Relaxed) == 0 {
            self.first.at(now)
        } else {
            self.get().at(now)
        }
    }
}

#[cfg(feature = "config")]
impl CurrentSlices {
    #[cold]
    fn get(&self) -> Slices {
        let number = self.changed.load(Ordering::Acquire);
        let later = number
            .checked_sub(1)
            .and_then(|number| self.later.get()?.get(number));
        later.copied().unwrap_or(self.first)
    }

    fn set(&self, slices: Slices) {
        let number = self.later.get_or_init(Box::default).find_or_add(slices);
        self.changed.store(number + 1, Ordering::Release);
    }
}
