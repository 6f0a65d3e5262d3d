//! The part of a call with hedges that has no type parameter: its budget, its measurement and the
//! time of the next attempt.

use std::{
    mem,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::Context,
};

use tokio::time::{Sleep, sleep_until};
use tracing::debug;

use super::{
    config::{After, HedgeConfig},
    latency::Latency,
    progress::Progress,
};
use crate::{
    budget::RetryBudget,
    clock::{self, create_timer},
    events::{self, EventKind},
    operation::{Count, InForce, Operation},
    scope::here,
};

/// The part of a call that has no type parameter.
#[doc(hidden)]
#[derive(Debug)]
pub struct HedgedCall<'c> {
    config: &'c HedgeConfig,
    operation: &'static Operation,
    latency: Option<&'static Latency>,
    deposits: bool,
}

impl<'c> HedgedCall<'c> {
    #[inline]
    pub fn new(config: &'c HedgeConfig, operation: &'static Operation) -> Self {
        Self {
            config,
            operation,
            latency: None,
            deposits: false,
        }
    }

    /// Measures the calls for a percentile.
    #[inline]
    #[must_use]
    pub fn measured_by(mut self, latency: &'static Latency) -> Self {
        self.latency = Some(latency);
        self
    }

    /// Deposits the call into the budget, as soon as its first attempt waits or fails. A call that
    /// is answered at once is not deposited, because no other attempt can follow, and so it does
    /// not read the clock.
    #[inline]
    #[must_use]
    pub fn depositing(mut self) -> Self {
        self.deposits = true;
        self
    }

    /// Deposits the call into the budget, unless a layer outside does so. `otherwise` is the answer
    /// for the budgets of the attributes.
    #[inline]
    #[must_use]
    pub fn depositing_in_file(mut self, file: InForce, layer: usize, otherwise: bool) -> Self {
        self.deposits = file.deposits(layer, otherwise);
        self
    }

    /// The budget that the call is deposited into.
    #[inline]
    fn deposited_into(&self) -> Option<&'static RetryBudget> {
        self.config.get_budget().filter(|_| self.deposits)
    }

    /// Begins a call. The budget is in the statistics from the first call on.
    #[inline]
    pub(super) fn begin(&self) -> Progress {
        if let Some(budget) = self.deposited_into() {
            budget.note_use(|| self.operation.name());
        }
        Progress::of(match self.config.after {
            After::Percentile(_) => clock::now(),
            After::Fixed(_) => 0,
        })
    }

    /// Deposits the call into the budget, unless it is deposited already.
    fn deposit(&self, progress: &mut Progress) {
        if mem::replace(&mut progress.is_deposited, true) {
            return;
        }
        if let Some(budget) = self.deposited_into() {
            budget.deposit(self.operation.name());
        }
    }

    /// Notes that the call has an answer. The duration of the first attempt is that of the call, if
    /// it is the answer; one that another attempt has overtaken took at least as long. Nobody asks
    /// for the durations if the time is a fixed one.
    #[inline]
    pub(super) fn answered(&self, progress: Progress, is_first_known: bool) {
        let Some(latency) = self.latency else {
            return;
        };
        if is_first_known && matches!(self.config.after, After::Percentile(_)) {
            let now = clock::now();
            here!(latency).add(now, now.saturating_sub(progress.began_at));
        }
    }

    /// Asks if another attempt may follow a failed one.
    #[cold]
    pub(super) fn follows_failure(
        &self,
        progress: &mut Progress,
        takes_load: &dyn Fn() -> bool,
    ) -> bool {
        self.deposit(progress);
        let follows =
            progress.may_follow(self.config.get_max_hedges()) && takes_load() && self.draws();
        if follows {
            self.note_start(progress.start(), "failed");
        }
        follows
    }

    /// Asks if another attempt may start because the time has come.
    #[cold]
    pub(super) fn follows_in_time(
        &self,
        progress: &mut Progress,
        takes_load: &dyn Fn() -> bool,
    ) -> bool {
        let follows = takes_load() && self.draws();
        if follows {
            self.note_start(progress.start(), "slow");
        } else {
            progress.hold_back();
        }
        follows
    }

    /// Draws on the budget.
    fn draws(&self) -> bool {
        let budget = self.config.get_budget();
        budget.is_some_and(|budget| budget.withdraw(self.operation.name()))
    }

    /// Counts the start of another attempt, and tells of it.
    fn note_start(&self, attempt: u32, reason: &'static str) {
        let operation = self.operation.name();
        self.operation.count(Count::Hedge);
        debug!(
            target: "resilience", operation, attempt, reason,
            "attempt {attempt} starts, because another one {}",
            if reason == "slow" { "is slow" } else { "failed" }
        );
        events::emit(Some(operation), || EventKind::Hedged);
    }

    /// Returns true if the time for another attempt has come. The timer is set here, because an
    /// attempt that ends at once needs none.
    // It is not inlined, because it is the same for all outputs.
    #[inline(never)]
    pub(super) fn is_due(
        &self,
        progress: &mut Progress,
        mut timer: Pin<&mut Option<Sleep>>,
        cx: &mut Context<'_>,
    ) -> bool {
        if !progress.waits_for_time(self.config.get_max_hedges()) {
            return false;
        }
        if timer.is_none() {
            self.deposit(progress);
            if progress.began_at == 0 {
                progress.began_at = clock::now();
            }
            let Some(at) = self.next_at(*progress) else {
                return false;
            };
            let at = clock::instant(at);
            let create = || sleep_until(at);
            timer.set(Some(create_timer(Some(self.operation.name()), create)));
        }
        let timer = timer.as_pin_mut();
        timer.is_some_and(|timer| timer.poll(cx).is_ready())
    }

    /// The moment at which the next attempt is due. `None` if nothing says so.
    fn next_at(&self, progress: Progress) -> Option<u64> {
        let after = match self.config.after {
            After::Fixed(after) => clock::nanos(after),
            After::Percentile(percentile) => {
                let latency = here!(self.latency?);
                latency.percentile(progress.began_at, percentile)?
            }
        };
        // The first attempt began with the call, and each other one at some moment since.
        let last = if progress.is_first() {
            progress.began_at
        } else {
            clock::now()
        };
        Some(last.saturating_add(after))
    }
}

// A panic leaves the state as it was, because all of it is written between two calls of the user's
// code.
impl UnwindSafe for HedgedCall<'_> {}
impl RefUnwindSafe for HedgedCall<'_> {}
