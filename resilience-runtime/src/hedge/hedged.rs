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
    hedges::Hedges,
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
    /// argument that the body moves what it says below a retry. The end of the loop drops the
    /// attempts that are left, so that the losers are gone before the caller goes on.
    #[doc(hidden)]
    pub struct Hedged<C, F, L> {
        // It makes the call anew for each question, because the parts of it are constants of most
        // functions, and a call that succeeds at once then writes none of them.
        call: C,
        takes_load: L,
        progress: Progress,
        // The first attempt is stored in place, so that a call without a hedge allocates nothing.
        #[pin]
        first: Option<F>,
        hedges: Hedges<F>,
    }
}

/// The error type of an attempt's result.
type ErrorOf<O> = <<O as AttemptOutcome>::Result as Fallible>::Error;

/// The value type of an attempt's result.
type ValueOf<O> = <<O as AttemptOutcome>::Result as Fallible>::Value;

/// The result of an attempt, as a `Result`.
type ResultOf<O> = Result<ValueOf<O>, ErrorOf<O>>;

impl<'c, C: Fn() -> HedgedCall<'c>, F, L: Fn() -> bool> Hedged<C, F, L> {
    /// Begins a call. `takes_load` says if the circuits below take another attempt.
    #[inline]
    pub fn new(call: C, takes_load: L) -> Self {
        Self {
            progress: call().begin(),
            call,
            takes_load,
            first: None,
            hedges: Hedges::none(),
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
        if this.progress.is_first() {
            this.first.set(Some(attempt));
        } else {
            this.hedges.push(attempt);
        }
    }

    /// Waits for the end of the call, or until another attempt is to start. `traits` is not called:
    /// its type says how an error is looked at.
    #[inline]
    pub fn next<V, S>(
        self: Pin<&mut Self>,
        traits: impl FnOnce(&ResultOf<F::Output>) -> Traits<V, S>,
    ) -> Next<'_, Self, impl Fn(&ErrorOf<F::Output>) -> bool, V>
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
            timer: None,
            view: PhantomData,
        }
    }
}

pin_project! {
    /// The future of [`Hedged::next`].
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Next<'h, H, A, V> {
        hedged: Pin<&'h mut H>,
        accepts: A,
        #[pin]
        timer: Option<Sleep>,
        view: PhantomData<fn() -> V>,
    }
}

impl<'c, C, F, L, A, V> Future for Next<'_, Hedged<C, F, L>, A, V>
where
    C: Fn() -> HedgedCall<'c>,
    F: Future<Output: AttemptOutcome>,
    L: Fn() -> bool,
    A: Fn(&ErrorOf<F::Output>) -> bool,
    V: View<ErrorOf<F::Output>>,
{
    type Output = Option<Ended<F::Output>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut hedged = self.as_mut().project().hedged.as_mut().project();
        let polled = match hedged.first.as_mut().as_pin_mut() {
            Some(first) => AttemptOutcome::ended(first.poll(cx)),
            None => Poll::Pending,
        };
        match polled {
            Poll::Ready(Ok(value)) => {
                (hedged.call)().answered(*hedged.progress, true);
                Poll::Ready(Some(Ok(value)))
            }
            Poll::Ready(Err(failed)) => {
                hedged.first.set(None);
                self.poll_rest(Some(failed), cx)
            }
            Poll::Pending => self.poll_rest(None, cx),
        }
    }
}

impl<'c, C, F, L, A, V> Next<'_, Hedged<C, F, L>, A, V>
where
    C: Fn() -> HedgedCall<'c>,
    F: Future<Output: AttemptOutcome>,
    L: Fn() -> bool,
    A: Fn(&ErrorOf<F::Output>) -> bool,
    V: View<ErrorOf<F::Output>>,
{
    /// Decides on the first attempt, if it has failed, and polls the other ones and the timer.
    // It is not inlined, because a call that succeeds at once does not come here.
    #[inline(never)]
    fn poll_rest(
        self: Pin<&mut Self>,
        first_failed: Option<Box<F::Output>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Ended<F::Output>>> {
        let this = self.project();
        let hedged = this.hedged;
        if let Some(failed) = first_failed {
            let next = hedged
                .as_mut()
                .after_failure::<V>(failed, true, this.accepts);
            if next.is_ready() {
                return next;
            }
        }
        let next = hedged.as_mut().poll_hedges::<V>(this.accepts, cx);
        if next.is_ready() {
            return next;
        }
        let hedged = hedged.as_mut().project();
        let call = (hedged.call)();
        if call.is_due(hedged.progress, this.timer, cx)
            && call.follows_in_time(hedged.progress, hedged.takes_load)
        {
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}

impl<'c, C, F, L> Hedged<C, F, L>
where
    C: Fn() -> HedgedCall<'c>,
    F: Future<Output: AttemptOutcome>,
    L: Fn() -> bool,
{
    /// Polls the attempts behind the first one.
    fn poll_hedges<V: View<ErrorOf<F::Output>>>(
        mut self: Pin<&mut Self>,
        accepts: &dyn Fn(&ErrorOf<F::Output>) -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Ended<F::Output>>> {
        let mut at = 0;
        loop {
            let this = self.as_mut().project();
            let Some(attempt) = this.hedges.get(at) else {
                return Poll::Pending;
            };
            match AttemptOutcome::ended(attempt.poll(cx)) {
                Poll::Pending => at += 1,
                Poll::Ready(Ok(value)) => {
                    (this.call)().answered(*this.progress, this.first.is_some());
                    return Poll::Ready(Some(Ok(value)));
                }
                Poll::Ready(Err(failed)) => {
                    this.hedges.remove(at);
                    let next = self.as_mut().after_failure::<V>(failed, false, accepts);
                    if next.is_ready() {
                        return next;
                    }
                }
            }
        }
    }

    /// Decides on a failed attempt, which is no longer among the attempts. It is pending if the
    /// call waits for the others.
    #[cold]
    fn after_failure<V: View<ErrorOf<F::Output>>>(
        self: Pin<&mut Self>,
        failed: Box<F::Output>,
        is_first: bool,
        accepts: &dyn Fn(&ErrorOf<F::Output>) -> bool,
    ) -> Poll<Option<Ended<F::Output>>> {
        let this = self.project();
        let call = (this.call)();
        let Some(error) = failed.error().filter(|error| !accepts(error)) else {
            call.answered(*this.progress, is_first || this.first.is_some());
            return Poll::Ready(Some(Err(failed)));
        };
        let was_reached = was_reached();
        let is_refused = is_refused::<_, V>(error, failed.told_origin(), was_reached);
        let follows = !is_refused && call.follows_failure(this.progress, this.takes_load);
        if !follows && this.first.is_none() && this.hedges.is_empty() {
            return Poll::Ready(Some(Err(failed)));
        }
        // The deadline is not the cause of the error of another attempt.
        Frame::note_reached(false);
        if follows {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}

impl<C, F, L> fmt::Debug for Hedged<C, F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedged")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl<H, A, V> fmt::Debug for Next<'_, H, A, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
