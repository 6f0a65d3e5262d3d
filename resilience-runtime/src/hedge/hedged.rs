//! The attempts of a call with hedges. All of them are polled in the caller's task.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::{
    call::HedgedCall,
    outcome::{AttemptOutcome, Ended, is_refused},
    progress::Progress,
};
use crate::{
    deadline::{Frame, was_reached},
    errors::{Traits, View},
    fallible::Fallible,
};

pin_project! {
    /// The attempts of a call, the next one beside a slow one or behind a failed one, of which the
    /// first success is the answer.
    ///
    /// The expansion starts each attempt in a loop of its own, because rustc then says of an
    /// argument that the body moves what it says below a retry.
    #[doc(hidden)]
    pub struct Hedged<'c, F, L> {
        call: HedgedCall<'c>,
        takes_load: L,
        // The first attempt is stored in place, so that a call without a hedge allocates nothing.
        #[pin]
        first: Option<F>,
        #[pin]
        rest: Option<Rest<F>>,
    }
}

pin_project! {
    /// The rest of a call whose first attempt has waited or failed. A call that succeeds at once
    /// does not write it.
    #[project = RestProjection]
    struct Rest<F> {
        hedges: Vec<Pin<Box<F>>>,
        progress: Progress,
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F> Rest<F> {
    /// Begins the rest of the call, unless it has begun.
    fn begun(mut rest: Pin<&mut Option<Self>>) -> RestProjection<'_, F> {
        if rest.is_none() {
            rest.set(Some(Self {
                hedges: Vec::new(),
                progress: Progress::default(),
                timer: None,
            }));
        }
        match rest.as_pin_mut() {
            Some(rest) => rest.project(),
            None => unreachable!("it was written above"),
        }
    }
}

/// The error type of an attempt's result.
type ErrorOf<O> = <<O as AttemptOutcome>::Result as Fallible>::Error;

/// Accepts no error as an answer.
type AcceptNone<F> = fn(&ErrorOf<<F as Future>::Output>) -> bool;

/// The value type of an attempt's result.
type ValueOf<O> = <<O as AttemptOutcome>::Result as Fallible>::Value;

/// The result of an attempt, as a `Result`.
type ResultOf<O> = Result<ValueOf<O>, ErrorOf<O>>;

impl<'c, F, L: Fn() -> bool> Hedged<'c, F, L> {
    /// `takes_load` says if the circuits below take another attempt.
    #[inline]
    pub fn new(call: HedgedCall<'c>, takes_load: L) -> Self {
        Self {
            call,
            takes_load,
            first: None,
            rest: None,
        }
    }

    /// Starts an attempt: the first one, or another one that [`next`](Self::next) asked for. The
    /// expansion names the output, because a body that makes a future may not tell it.
    #[inline]
    pub fn start<O>(self: Pin<&mut Self>, attempt: F)
    where
        F: Future<Output = O>,
    {
        let mut this = self.project();
        if let Some(rest) = this.rest.as_pin_mut() {
            rest.project().hedges.push(Box::pin(attempt));
        } else {
            this.first.set(Some(attempt));
        }
    }

    /// Waits for the end of the call, or until another attempt is to start. `traits` is not called:
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
    type Output = Option<Ended<F::Output>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Ended<F::Output>>> {
        let Self {
            hedged, accepts, ..
        } = &mut *self;
        let mut this = hedged.as_mut().project();
        let polled = this.first.as_mut().as_pin_mut().map(|it| it.poll(cx));
        if let Some(Poll::Ready(outcome)) = polled {
            match outcome.ended() {
                Ok(value) => {
                    this.call.answered(true);
                    // The losers are dropped before the caller goes on.
                    if this.rest.is_some() {
                        this.rest.set(None);
                    }
                    return Poll::Ready(Some(Ok(value)));
                }
                Err(outcome) => {
                    this.first.set(None);
                    let next = hedged.as_mut().after_failure::<V>(outcome, true, accepts);
                    if next.is_ready() {
                        return next;
                    }
                }
            }
        }
        hedged.as_mut().poll_rest::<V>(accepts, cx)
    }
}

impl<F, L> Hedged<'_, F, L>
where
    F: Future<Output: AttemptOutcome>,
    L: Fn() -> bool,
{
    /// Polls the attempts behind the first one in the order of their start, and then the timer of
    /// the next one.
    // It is not inlined, because a call that succeeds at once does not come here.
    #[inline(never)]
    fn poll_rest<V: View<ErrorOf<F::Output>>>(
        mut self: Pin<&mut Self>,
        accepts: &dyn Fn(&ErrorOf<F::Output>) -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Ended<F::Output>>> {
        let mut at = 0;
        loop {
            let mut this = self.as_mut().project();
            let rest = Rest::begun(this.rest.as_mut());
            let Some(attempt) = rest.hedges.get_mut(at) else {
                break;
            };
            let Poll::Ready(outcome) = attempt.as_mut().poll(cx) else {
                at += 1;
                continue;
            };
            drop(rest.hedges.remove(at));
            match outcome.ended() {
                Ok(value) => {
                    this.call.answered(this.first.is_some());
                    this.first.set(None);
                    rest.hedges.clear();
                    return Poll::Ready(Some(Ok(value)));
                }
                Err(outcome) => {
                    let next = self.as_mut().after_failure::<V>(outcome, false, accepts);
                    if next.is_ready() {
                        return next;
                    }
                }
            }
        }
        let this = self.project();
        let mut rest = Rest::begun(this.rest);
        let is_due = this.call.is_due(*rest.progress, rest.timer.as_mut(), cx);
        if !is_due {
            return Poll::Pending;
        }
        rest.timer.set(None);
        if this.call.follows_in_time(rest.progress, &*this.takes_load) {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    /// Decides on a failed attempt. It is pending if the call waits for the other attempts.
    #[cold]
    fn after_failure<V: View<ErrorOf<F::Output>>>(
        self: Pin<&mut Self>,
        outcome: F::Output,
        is_first: bool,
        accepts: &dyn Fn(&ErrorOf<F::Output>) -> bool,
    ) -> Poll<Option<Ended<F::Output>>> {
        let mut this = self.project();
        let mut rest = Rest::begun(this.rest);
        let Some(error) = outcome.error().filter(|error| !accepts(error)) else {
            this.call.answered(is_first || this.first.is_some());
            this.first.set(None);
            rest.hedges.clear();
            return Poll::Ready(Some(Err(Box::new(outcome))));
        };
        let was_reached = was_reached();
        let is_refused = is_refused::<_, V>(error, outcome.told_origin(), was_reached);
        let follows = !is_refused && this.call.follows_failure(rest.progress, &*this.takes_load);
        if !follows && this.first.is_none() && rest.hedges.is_empty() {
            return Poll::Ready(Some(Err(Box::new(outcome))));
        }
        // The deadline is not the cause of the error of another attempt.
        Frame::note_reached(false);
        if !follows {
            return Poll::Pending;
        }
        rest.timer.set(None);
        Poll::Ready(None)
    }
}

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
