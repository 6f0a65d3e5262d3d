//! The counts of a budget, and their driver: it reads the clock and takes the lock.

use super::deposits::Deposits;
use super::log;
use super::settings::{SCALE, Settings};
use super::slices::Slices;
use super::stats::RetryBudgetStats;
use super::withdrawals::{Withdrawal, Withdrawals};
use crate::clock;
use crate::events::{self, EventKind};
use crate::sync::{Mutex, MutexGuard};
use crate::thread_shard::ThreadShard;
use std::sync::PoisonError;

/// The counts of a budget that is used. They live as long as the process.
#[derive(Debug)]
pub(super) struct Counts {
    name: &'static str,
    settings: Settings,
    slices: Slices,
    deposits: Deposits,
    withdrawals: Mutex<Withdrawals>,
}

impl Counts {
    pub(super) fn new(name: &'static str, settings: Settings) -> Self {
        Self {
            name,
            settings,
            slices: Slices::of(clock::nanos(settings.window)),
            deposits: Deposits::default(),
            withdrawals: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Counts a call that begins at `now`.
    #[inline]
    pub(super) fn deposit(&self, now: u64) {
        self.deposits
            .add(self.slices.at(now), ThreadShard::current());
    }

    /// Withdraws one retry. False if the budget does not allow it.
    pub(super) fn withdraw(&self, operation: &str) -> bool {
        let now = clock::now();
        let slice = self.slices.at(now);
        let calls = self.deposits.in_window(slice);
        let withdrawal = self
            .withdrawals()
            .withdraw(&self.settings, calls, slice, now);
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
        let slice = self.slices.at(clock::now());
        let window_calls = self.deposits.in_window(slice);
        let withdrawals = self.withdrawals();
        let (total, window) = (withdrawals.total(), withdrawals.in_window(slice));
        let balance = withdrawals.balance(&self.settings, window_calls, slice);
        RetryBudgetStats {
            calls: self.deposits.total(),
            retries: total.retries,
            refused: total.refused,
            window_calls,
            window_retries: window.retries,
            window_refused: window.refused,
            available: balance / SCALE,
            ..RetryBudgetStats::unused(self.name, &self.settings)
        }
    }

    fn withdrawals(&self) -> MutexGuard<'_, Withdrawals> {
        // Nothing panics under the lock.
        self.withdrawals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
