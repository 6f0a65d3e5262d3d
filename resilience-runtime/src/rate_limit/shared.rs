//! A rate limit: its cells, its name and the counts of calls.

use std::{
    panic::Location,
    // The counts are the standard library's, because no decision depends on them.
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    admitted::AdmittedCount,
    cells::{Answer, Cells},
    config::RateLimitConfig,
    error::RateLimited,
    log,
    rate::Rate,
    stats::RateLimitStats,
};
use crate::{
    clock, deadline,
    events::{self, EventKind},
    name::Name,
    operation::Operation,
    reported_count::ReportedCount,
};

#[derive(Debug)]
pub(super) struct Shared {
    cells: Cells,
    admitted: AdmittedCount,
    /// In nanoseconds, for callers by handle. An attribute brings its own.
    max_wait: AtomicU64,
    /// For a limit with a key: the moment of the last call. 0 for a limit without a key.
    last_call: AtomicU64,
    waiting: AtomicU64,
    is_unenforced: AtomicBool,
    would_refuse: AtomicU64,
    refused: ReportedCount,
    /// The present configuration. Calls do not read it.
    config: Mutex<RateLimitConfig>,
    pub(super) name: Name,
    declared_at: &'static Location<'static>,
}

fn rate(config: &RateLimitConfig) -> Rate {
    Rate::new(config.get_limit(), config.get_per(), config.get_burst())
}

impl Shared {
    pub(super) fn new(
        name: Name,
        config: &RateLimitConfig,
        declared_at: &'static Location<'static>,
    ) -> Self {
        let now = clock::now();
        Self {
            cells: Cells::new(rate(config), now),
            admitted: AdmittedCount::default(),
            max_wait: AtomicU64::new(clock::nanos(config.get_max_wait())),
            last_call: AtomicU64::new(if name.key().is_some() { now } else { 0 }),
            waiting: AtomicU64::new(0),
            is_unenforced: AtomicBool::new(false),
            would_refuse: AtomicU64::new(0),
            refused: ReportedCount::default(),
            config: Mutex::new(*config),
            name,
            declared_at,
        }
    }

    /// The time that a caller by handle waits, in nanoseconds.
    #[inline]
    pub(super) fn max_wait(&self) -> u64 {
        self.max_wait.load(Ordering::Relaxed)
    }

    fn config(&self) -> RateLimitConfig {
        *self.config.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes another rate. The time that callers by handle wait is changed if `with_max_wait`.
    pub(super) fn configure(&self, config: &RateLimitConfig, with_max_wait: bool) {
        let mut present = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        if with_max_wait {
            let max_wait = clock::nanos(config.get_max_wait());
            self.max_wait.store(max_wait, Ordering::Relaxed);
        }
        let is_same_rate = rate(config) == rate(&present);
        *present = *config;
        if !is_same_rate {
            self.cells.set_rate(rate(config), clock::now());
        }
    }

    /// Takes the turn of a call, and returns the wait for it in nanoseconds.
    #[inline]
    pub(super) fn take(
        &self,
        max_wait: u64,
        operation: Option<&'static Operation>,
    ) -> Result<u64, RateLimited> {
        let now = clock::now();
        if self.last_call.load(Ordering::Relaxed) != 0 {
            self.last_call.fetch_max(now, Ordering::Relaxed);
        }
        match self.cells.take(now, max_wait_here(max_wait)) {
            Answer::Admitted { wait } => {
                self.admitted.add();
                Ok(wait)
            }
            Answer::Refused { wait } => self.refuse(operation, wait),
        }
    }

    /// Counts a refusal, tells the subscribers of it and makes the error. The log tells of refusals
    /// once a minute.
    #[cold]
    fn refuse(&self, operation: Option<&'static Operation>, wait: u64) -> Result<u64, RateLimited> {
        if self.is_unenforced.load(Ordering::Relaxed) {
            self.would_refuse.fetch_add(1, Ordering::Relaxed);
            self.admitted.add();
            return Ok(0);
        }
        if let Some(refused) = self.refused.add(clock::now()) {
            log::limited(&self.name, clock::span(wait), refused);
        }
        events::emit(operation.map(Operation::name), || EventKind::RateLimited {
            limit: &self.name,
            key: self.name.key(),
            retry_after: clock::span(wait),
        });
        Err(RateLimited::new(self.name.clone(), wait))
    }

    /// Switches refusals on or off.
    #[cfg_attr(
        any(not(test), loom),
        expect(dead_code, reason = "the configuration file switches it")
    )]
    pub(super) fn set_enforced(&self, is_enforced: bool) {
        self.is_unenforced.store(!is_enforced, Ordering::Relaxed);
    }

    /// Counts a call that waits, until the value is dropped.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(&self.waiting)
    }

    pub(super) fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    pub(super) fn last_call(&self) -> u64 {
        self.last_call.load(Ordering::Relaxed)
    }

    pub(super) fn idle_at(&self) -> u64 {
        self.cells.idle_at()
    }

    pub(super) fn stats(&self) -> RateLimitStats {
        let config = self.config();
        RateLimitStats {
            name: String::from(&*self.name),
            key: self.name.key().map(str::to_owned),
            limit: config.get_limit(),
            per: config.get_per(),
            burst: config.get_burst(),
            waiting: self.waiting.load(Ordering::Relaxed),
            admitted: self.admitted.get(),
            refused: self.refused.get(),
            would_refuse: self.would_refuse.load(Ordering::Relaxed),
            keys: 0,
            overflow: 0,
            evicted: 0,
            declared_at: self.declared_at,
        }
    }
}

/// A call that would wait until its deadline does not begin to wait, and takes no turn.
#[inline]
fn max_wait_here(max_wait: u64) -> u64 {
    if max_wait == 0 {
        return 0;
    }
    let until_deadline = deadline::remaining().map_or(clock::NEVER, clock::nanos);
    // A wait that reaches the deadline leaves no time for the body.
    max_wait.min(until_deadline.saturating_sub(1))
}

/// A call that waits.
#[derive(Debug)]
pub(super) struct Waiting<'l>(&'l AtomicU64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
