//! A rate limit: its cells, its name and the counts of calls.

mod leased;

use std::{
    panic::Location,
    // The counts are the standard library's, because no decision depends on them.
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
};

use super::{
    admitted::AdmittedCount,
    cells::{Answer, Cells},
    config::RateLimitConfig,
    error::RateLimited,
    leases::Leases,
    log,
    permit_request::Lessee,
    rate::Rate,
};
use crate::{
    by_name::{Modes, Name},
    clock, deadline,
    events::{self, EventKind},
    limiter::{Counts, Snapshot, Totals},
    operation::Operation,
    reports::ReportedCount,
};

/// The limit has a key, so that a call notes its time.
const KEYED: u8 = 1;
/// Nobody is refused or delayed, because the rate is not enforced.
const NOT_ENFORCED: u8 = 2;
/// Nobody is counted, because the limit is not enabled.
const NOT_ENABLED: u8 = 4;
/// Other processes have a part in the limit.
const SHARED: u8 = 8;

#[derive(Debug)]
pub(super) struct Shared {
    cells: Cells,
    admitted: AdmittedCount,
    /// In nanoseconds, for callers by handle. An attribute brings its own.
    max_wait: AtomicU64,
    /// The flags below. Most limits have none, so that a call asks for all of them at once.
    flags: AtomicU8,
    /// For a limit with a key: the moment of the last call.
    last_call: AtomicU64,
    waiting: AtomicU64,
    would_refuse: AtomicU64,
    refused: ReportedCount,
    /// The present configuration. Calls do not read it.
    config: Mutex<RateLimitConfig>,
    /// The part that other processes have in the limit. Few limits have any.
    leases: OnceLock<Box<Leases>>,
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
            flags: AtomicU8::new(if name.key().is_some() { KEYED } else { 0 }),
            last_call: AtomicU64::new(now),
            waiting: AtomicU64::new(0),
            would_refuse: AtomicU64::new(0),
            refused: ReportedCount::default(),
            config: Mutex::new(*config),
            leases: OnceLock::new(),
            name,
            declared_at,
        }
    }

    /// The time that a caller by handle waits, in nanoseconds.
    #[inline]
    pub(super) fn max_wait(&self) -> u64 {
        self.max_wait.load(Ordering::Relaxed)
    }

    pub(super) fn config(&self) -> RateLimitConfig {
        *self.config.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_max_wait(&self, config: &RateLimitConfig) {
        let max_wait = clock::nanos(config.get_max_wait());
        self.max_wait.store(max_wait, Ordering::Relaxed);
    }

    /// Takes another rate.
    pub(super) fn configure(&self, config: &RateLimitConfig) {
        let mut present = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same_rate = rate(config) == rate(&present);
        *present = *config;
        if !is_same_rate {
            self.cells.set_rate(self.own_rate(config), clock::now());
        }
    }

    /// Takes the turn of a call, and returns the wait for it in nanoseconds.
    #[inline]
    pub(super) fn take(
        &self,
        max_wait: u64,
        operation: Option<&'static Operation>,
    ) -> Result<u64, RateLimited> {
        match self.answer(max_wait) {
            Answer::Admitted { wait } => Ok(wait),
            Answer::Refused { wait } => Err(self.refuse(operation, wait)),
        }
    }

    /// Answers a call. The answer is returned in registers, and the error of a refusal would not
    /// be.
    fn answer(&self, max_wait: u64) -> Answer {
        let now = clock::now();
        let flags = self.flags.load(Ordering::Relaxed);
        if flags != 0 {
            return self.answer_by_flags(flags, now, max_wait);
        }
        let answer = self.cells.take(now, max_wait_here(max_wait));
        if let Answer::Admitted { .. } = answer {
            self.admitted.add(&self.cells.admitted);
        }
        answer
    }

    /// Answers a call of a limit that has a key, that processes share, or that the file has
    /// switched.
    #[inline(never)]
    fn answer_by_flags(&self, flags: u8, now: u64, max_wait: u64) -> Answer {
        const AT_ONCE: Answer = Answer::Admitted { wait: 0 };
        if flags & NOT_ENABLED != 0 {
            return AT_ONCE;
        }
        if flags & KEYED != 0 {
            self.last_call.fetch_max(now, Ordering::Relaxed);
        }
        if flags & SHARED != 0 && self.take_leased(now) {
            self.admitted.add(&self.cells.admitted);
            return AT_ONCE;
        }
        let is_enforced = flags & NOT_ENFORCED == 0;
        let answer = self.cells.take(now, max_wait_here(max_wait));
        if let (true, Answer::Refused { .. }) = (is_enforced, answer) {
            return answer;
        }
        if let (SHARED, Answer::Admitted { .. }) = (flags & SHARED, answer) {
            Lessee::note_spent(self, 1);
        }
        self.admitted.add(&self.cells.admitted);
        match answer {
            Answer::Admitted { .. } if is_enforced => answer,
            // Nobody is delayed by a limit that is not enforced.
            Answer::Admitted { .. } => AT_ONCE,
            Answer::Refused { .. } => {
                self.would_refuse.fetch_add(1, Ordering::Relaxed);
                AT_ONCE
            }
        }
    }

    /// Counts a refusal, tells the subscribers of it and makes the error. The log tells of refusals
    /// once a minute.
    #[cold]
    fn refuse(&self, operation: Option<&'static Operation>, wait: u64) -> RateLimited {
        if let Some(refused) = self.refused.add(clock::now()) {
            log::limited(&self.name, clock::span(wait), refused);
        }
        events::emit(operation.map(Operation::name), || EventKind::RateLimited {
            limit: &self.name,
            key: self.name.key(),
            retry_after: clock::span(wait),
        });
        RateLimited::new(self.name.clone(), wait)
    }

    /// Takes the switches of the file.
    pub(super) fn set_modes(&self, modes: Modes) {
        for (flag, is_on) in [
            (NOT_ENFORCED, modes.is_enforced),
            (NOT_ENABLED, modes.is_enabled),
        ] {
            if is_on {
                self.flags.fetch_and(!flag, Ordering::Relaxed);
            } else {
                self.flags.fetch_or(flag, Ordering::Relaxed);
            }
        }
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

    pub(super) fn snapshot(&self) -> Snapshot<'_, RateLimitConfig> {
        Snapshot {
            name: &self.name,
            key: self.name.key(),
            config: self.config(),
            totals: Totals::of(Counts {
                in_use: 0,
                waiting: self.waiting.load(Ordering::Relaxed),
                admitted: self.admitted.get(&self.cells.admitted),
                refused: self.refused.get(),
                would_refuse: self.would_refuse.load(Ordering::Relaxed),
            }),
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
