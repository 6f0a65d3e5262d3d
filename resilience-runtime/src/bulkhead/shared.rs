//! A bulkhead: its slots, its name and the counts of refusals.

use std::{
    panic::Location,
    // The counts are the standard library's, because no decision depends on them.
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{config::BulkheadConfig, error::BulkheadFull, log, slots::Slots};
use crate::{
    by_name::Name,
    clock,
    events::{self, EventKind},
    limiter::{Counts, Snapshot, Totals},
    operation::Operation,
    reports::ReportedCount,
};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) slots: Slots,
    /// In nanoseconds, for callers by handle. An attribute brings its own.
    max_wait: AtomicU64,
    refused: ReportedCount,
    /// The end of the last call, for a bulkhead with a key.
    idle_since: AtomicU64,
    pub(super) name: Name,
    declared_at: &'static Location<'static>,
}

impl Shared {
    pub(super) fn new(
        name: Name,
        config: &BulkheadConfig,
        declared_at: &'static Location<'static>,
    ) -> Self {
        let is_keyed = name.key().is_some();
        Self {
            slots: Slots::new(config.get_max_concurrent(), is_keyed),
            max_wait: AtomicU64::new(clock::nanos(config.get_max_wait())),
            refused: ReportedCount::default(),
            idle_since: AtomicU64::new(if is_keyed { clock::now() } else { 0 }),
            name,
            declared_at,
        }
    }

    /// The time that a caller by handle waits, in nanoseconds.
    pub(super) fn max_wait(&self) -> u64 {
        self.max_wait.load(Ordering::Relaxed)
    }

    pub(super) fn set_max_wait(&self, config: &BulkheadConfig) {
        let max_wait = clock::nanos(config.get_max_wait());
        self.max_wait.store(max_wait, Ordering::Relaxed);
    }

    /// Takes a slot if one is free and nobody waits.
    #[inline]
    pub(super) fn try_acquire(&self) -> bool {
        self.slots.try_acquire() || self.slots.admit_above_limit()
    }

    #[inline]
    pub(super) fn release(&self) {
        if self.slots.release() {
            self.idle_since.fetch_max(clock::now(), Ordering::Relaxed);
        }
    }

    pub(super) fn idle_since(&self) -> u64 {
        self.idle_since.load(Ordering::Relaxed)
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.get()
    }

    /// Counts a refusal, tells the subscribers of it and makes the error. The log tells of refusals
    /// once a minute.
    #[cold]
    pub(super) fn refuse(&self, operation: Option<&str>, waited: Duration) -> BulkheadFull {
        let report = self.refused.add(clock::now());
        if let Some(refused) = report {
            log::full(&self.name, &self.slots.numbers(), refused);
        }
        events::emit(operation, || EventKind::BulkheadFull {
            bulkhead: &self.name,
            key: self.name.key(),
        });
        let limit = u32::try_from(self.slots.limit()).unwrap_or(u32::MAX);
        BulkheadFull::new(self.name.clone(), limit, waited)
    }

    /// The name of an operation, for events and panics.
    pub(super) fn name_of(operation: Option<&'static Operation>) -> Option<&'static str> {
        operation.map(Operation::name)
    }

    pub(super) fn snapshot(&self) -> Snapshot<'_, BulkheadConfig> {
        let numbers = self.slots.numbers();
        let limit = u32::try_from(numbers.limit).unwrap_or(u32::MAX);
        Snapshot {
            name: &self.name,
            key: self.name.key(),
            config: BulkheadConfig::new(limit),
            totals: Totals::of(Counts {
                in_use: numbers.running,
                waiting: numbers.waiting,
                admitted: numbers.admitted,
                refused: self.refused(),
                would_refuse: numbers.would_refuse,
            }),
            declared_at: self.declared_at,
        }
    }
}
