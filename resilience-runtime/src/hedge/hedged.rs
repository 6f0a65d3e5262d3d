//! The attempts of a call with hedges. All of them are polled in the caller's task.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    mem,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};
use tracing::debug;

use super::{
    config::{After, HedgeConfig},
    latency::Latency,
    outcome::{AttemptOutcome, is_refused},
    progress::Progress,
};
use crate::{
    clock::{self, create_timer},
    deadline::{Frame, was_reached},
    errors::{Traits, View},
    events::{self, EventKind},
    fallible::Fallible,
    operation::{Count, InForce, Operation},
    scope::here,
};

pin_project! {
    /// The attempts of a call, the next one beside a slow one or behind a failed one, of which the
    /// first success is the answer.
    ///
    /// The expansion starts each attempt in a loop of its own, because rustc then says of an
    /// argument that the body moves what it says below a retry.
    #[doc(hidden)]
    pub struct Hedged<'c, F, L> {
        call: Call<'c>,
        takes_load: L,
        // The first attempt is stored in place, so that a call without a hedge allocates nothing.
        #[pin]
        first: Option<F>,
        hedges: Vec<Pin<Box<F>>>,
        #[pin]
        timer: Option<Sleep>,
    }
}

/// The error type of an attempt's result.
type ErrorOf<O> = <<O as AttemptOutcome>::Result as Fallible>::Error;

/// Accepts no error as an answer.
type AcceptNone<F> = fn(&ErrorOf<<F as Future>::Output>) -> bool;

/// The result of an attempt, as a `Result`.
type ResultOf<O> = Result<<<O as AttemptOutcome>::Result as Fallible>::Value, ErrorOf<O>>;

impl<'c, F, L: Fn() -> bool> Hedged<'c, F, L> {
    /// `takes_load` says if the circuits below take another attempt.
    #[inline]
    pub fn new(config: &'c HedgeConfig, operation: &'static Operation, takes_load: L) -> Self {
        Self {
            call: Call {
                config,
                operation,
                latency: None,
                has_begun: false,
                deposits: false,
                began_at: 0,
                progress: Progress::default(),
            },
            takes_load,
            first: None,
            hedges: Vec::new(),
            timer: None,
        }
    }

    /// Measures the calls for a percentile.
    #[inline]
    #[must_use]
    pub fn measured_by(mut self, latency: &'static Latency) -> Self {
        self.call.latency = Some(here!(latency));
        self
    }

    /// Deposits the call into the budget, as soon as its first attempt waits or fails.
    #[inline]
    #[must_use]
    pub fn depositing(mut self) -> Self {
        self.call.deposits = true;
        self
    }

    /// Deposits the call into the budget, unless a layer outside does so. `otherwise` is the answer
    /// for the budgets of the attributes.
    #[inline]
    #[must_use]
    pub fn depositing_in_file(mut self, file: InForce, layer: usize, otherwise: bool) -> Self {
        self.call.deposits = file.deposits(layer, otherwise);
        self
    }

    /// Starts an attempt: the first one, or another one that [`next`](Self::next) asked for. The
    /// expansion names the output, because a body that makes a future may not tell it.
    #[inline]
    pub fn start<O>(self: Pin<&mut Self>, attempt: F)
    where
        F: Future<Output = O>,
    {
        let mut this = self.project();
        if this.call.begin() {
            this.first.set(Some(attempt));
        } else {
            this.hedges.push(Box::pin(attempt));
        }
    }

    /// Waits for the answer. `None` means that another attempt is to start. `traits` is not called:
    /// its type says how an error is looked at.
    #[inline]
    pub fn next<V, S>(
        self: Pin<&mut Self>,
        traits: impl FnOnce(&ResultOf<F::Output>) -> Traits<V, S>,
    ) -> Next<'_, Self, AcceptNone<F>, V>
    where
        F: Future<Output: AttemptOutcome>,
    {
        self.next_accepting(traits, |_| false)
    }

    /// Does the same, and an error that `accepts` is an answer.
    #[inline]
    pub fn next_accepting<V, S, A>(
        self: Pin<&mut Self>,
        _traits: impl FnOnce(&ResultOf<F::Output>) -> Traits<V, S>,
        accepts: A,
    ) -> Next<'_, Self, A, V>
    where
        F: Future<Output: AttemptOutcome>,
        A: Fn(&ErrorOf<F::Output>) -> bool,
    {
        Next {
            hedged: self,
            accepts,
            view: PhantomData,
        }
    }
}

/// The future of [`Hedged::next`].
#[doc(hidden)]
#[must_use = "futures do nothing unless polled"]
pub struct Next<'h, H, A, V> {
    hedged: Pin<&'h mut H>,
    accepts: A,
    view: PhantomData<fn() -> V>,
}

// Nothing in it is pinned but the attempts, which are behind a reference.
impl<H, A, V> Unpin for Next<'_, H, A, V> {}

impl<F, L, A, V> Future for Next<'_, Hedged<'_, F, L>, A, V>
where
    F: Future<Output: AttemptOutcome>,
    L: Fn() -> bool,
    A: Fn(&ErrorOf<F::Output>) -> bool,
    V: View<ErrorOf<F::Output>>,
{
    type Output = Option<F::Output>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let Self {
            hedged, accepts, ..
        } = &mut *self;
        let mut this = hedged.as_mut().project();
        while let Poll::Ready((outcome, is_first)) =
            poll_attempts(this.first.as_mut(), this.hedges, cx)
        {
            let Some(error) = outcome.error().filter(|error| !accepts(error)) else {
                this.call.answered(is_first || this.first.is_some());
                // The losers are dropped before the caller goes on.
                this.first.set(None);
                this.hedges.clear();
                return Poll::Ready(Some(outcome));
            };
            let was_reached = was_reached();
            let is_refused = is_refused::<_, V>(error, outcome.told_origin(), was_reached);
            let follows = !is_refused && this.call.follows_failure(&*this.takes_load);
            if !follows && this.first.is_none() && this.hedges.is_empty() {
                return Poll::Ready(Some(outcome));
            }
            // The deadline is not the cause of the error of another attempt.
            Frame::note_reached(false);
            if follows {
                this.timer.set(None);
                return Poll::Ready(None);
            }
        }
        if !this.call.is_due(this.timer.as_mut(), cx) {
            return Poll::Pending;
        }
        this.timer.set(None);
        if this.call.follows_in_time(&*this.takes_load) {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}

/// Polls the attempts in the order of their start. Returns the output of one that has ended, and
/// true if it is the first attempt.
#[inline]
fn poll_attempts<F: Future>(
    mut first: Pin<&mut Option<F>>,
    hedges: &mut Vec<Pin<Box<F>>>,
    cx: &mut Context<'_>,
) -> Poll<(F::Output, bool)> {
    if let Some(attempt) = first.as_mut().as_pin_mut() {
        if let Poll::Ready(outcome) = attempt.poll(cx) {
            first.set(None);
            return Poll::Ready((outcome, true));
        }
    }
    for at in 0..hedges.len() {
        if let Poll::Ready(outcome) = hedges[at].as_mut().poll(cx) {
            drop(hedges.remove(at));
            return Poll::Ready((outcome, false));
        }
    }
    Poll::Pending
}

/// The part of a call that has no type parameter.
#[derive(Debug)]
struct Call<'c> {
    config: &'c HedgeConfig,
    operation: &'static Operation,
    latency: Option<&'static Latency>,
    has_begun: bool,
    /// True until the call is deposited. A call that is answered at once is not deposited, because
    /// no other attempt can follow, and so it does not read the clock.
    deposits: bool,
    /// The moment at which the first attempt started, or at which it waited for the first time if
    /// nobody measures the call. Zero before.
    began_at: u64,
    progress: Progress,
}

impl Call<'_> {
    /// Begins the call. False if it has begun before.
    #[inline]
    fn begin(&mut self) -> bool {
        if self.has_begun {
            return false;
        }
        self.has_begun = true;
        if matches!(self.config.after, After::Percentile(_)) {
            self.began_at = clock::now();
        }
        // The budget is in the statistics from the first call on.
        if let (true, Some(budget)) = (self.deposits, self.config.get_budget()) {
            budget.note_use(self.operation.name());
        }
        true
    }

    /// Deposits the call into the budget, unless it is deposited already.
    fn deposit(&mut self) {
        let deposits = mem::take(&mut self.deposits);
        if let (true, Some(budget)) = (deposits, self.config.get_budget()) {
            budget.deposit(self.operation.name());
        }
    }

    /// Notes that the call has an answer. The duration of the first attempt is that of the call, if
    /// it is the answer; one that another attempt has overtaken took at least as long. Nobody asks
    /// for the durations if the time is a fixed one.
    #[inline]
    fn answered(&self, is_first_known: bool) {
        let is_measured = is_first_known && matches!(self.config.after, After::Percentile(_));
        if let Some(latency) = self.latency.filter(|_| is_measured) {
            let now = clock::now();
            latency.add(now, now.saturating_sub(self.began_at));
        }
    }

    /// Asks if another attempt may follow a failed one.
    #[cold]
    fn follows_failure(&mut self, takes_load: &dyn Fn() -> bool) -> bool {
        self.deposit();
        self.progress.may_follow(self.config.get_max_hedges())
            && takes_load()
            && self.draws()
            && self.starts("failed")
    }

    /// Asks if another attempt may start because the time has come.
    #[cold]
    fn follows_in_time(&mut self, takes_load: &dyn Fn() -> bool) -> bool {
        if takes_load() && self.draws() {
            return self.starts("slow");
        }
        self.progress.hold_back();
        false
    }

    /// Draws on the budget.
    fn draws(&self) -> bool {
        let budget = self.config.get_budget();
        budget.is_some_and(|budget| budget.withdraw(self.operation.name()))
    }

    fn starts(&mut self, reason: &'static str) -> bool {
        let attempt = self.progress.start();
        let operation = self.operation.name();
        self.operation.count(Count::Hedge);
        debug!(
            target: "resilience", operation, attempt, reason,
            "attempt {attempt} starts, because another one {}",
            if reason == "slow" { "is slow" } else { "failed" }
        );
        events::emit(Some(operation), || EventKind::Hedged);
        true
    }

    /// Returns true if the time for another attempt has come. The timer is set here, because an
    /// attempt that ends at once needs none.
    // It is not inlined, because it is the same for all outputs.
    #[inline(never)]
    fn is_due(&mut self, mut timer: Pin<&mut Option<Sleep>>, cx: &mut Context<'_>) -> bool {
        if !self.progress.waits_for_time(self.config.get_max_hedges()) {
            return false;
        }
        if timer.is_none() {
            self.deposit();
            if self.began_at == 0 {
                self.began_at = clock::now();
            }
            let Some(at) = self.next_at() else {
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
    fn next_at(&self) -> Option<u64> {
        let after = match self.config.after {
            After::Fixed(after) => clock::nanos(after),
            After::Percentile(percentile) => self.latency?.percentile(self.began_at, percentile)?,
        };
        // The first attempt began with the call, and each other one at some moment since.
        let last = if self.progress.is_first() {
            self.began_at
        } else {
            clock::now()
        };
        Some(last.saturating_add(after))
    }
}

// A panic leaves the state as it was, because all of it is written between two calls of the user's
// code.
impl UnwindSafe for Call<'_> {}
impl RefUnwindSafe for Call<'_> {}

impl<F, L> fmt::Debug for Hedged<'_, F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedged")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

impl<H, A, V> fmt::Debug for Next<'_, H, A, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
