//! One attempt under retry, from the wait before it to the decision after it.

use super::stack_retry::{Retried, StackRetry};
use crate::errors::error_slot::{AsyncSlot, NotesSlot, Slot};
use crate::errors::{Origin, Traits, View};
use crate::fallible::{Fallible, Success};
use crate::layers::{Entry, ErrorOf, Layers, ResultOf, Unwinding, expire, polled_after_expiry};
use crate::operation::Operation;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::mem;
use core::panic::UnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

pin_project! {
    /// Runs an attempt under a circuit, or under several layers, if no filter and no hook looks at
    /// it. The output is the outcome of the call, or `None` if another attempt is due.
    ///
    /// The function would have to keep, drop and unwind what is in here, and that code would be
    /// compiled for each function.
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct AttemptFuture<'r, 'c, K, L, O, C, V, F> {
        retry: &'r mut StackRetry<'c, K>,
        // It has no size.
        operation: O,
        #[pin]
        layers: L,
        conversions: C,
        view: PhantomData<V>,
        // `None` after the expiry, because the body is dropped before the error is made.
        #[pin]
        body: Option<F>,
    }
}

impl<'r, 'c, K, L, O, C, V, F> AttemptFuture<'r, 'c, K, L, O, C, V, F>
where
    O: Fn() -> &'static Operation,
    F: Future<Output: Fallible>,
    L: Layers<ErrorOf<F>, Conversions: 'r>,
    C: Fn() -> &'r L::Conversions,
{
    /// Waits until the attempt is due and runs `body` under `layers`. `_traits` is not called: its
    /// type says how an error is looked at and where it is kept.
    #[inline]
    pub fn new<S: AsyncSlot<ErrorOf<F>, With<Retried> = K>>(
        retry: &'r mut StackRetry<'c, K>,
        operation: O,
        layers: L,
        conversions: C,
        body: F,
        _traits: impl FnOnce(&ResultOf<F>) -> Traits<V, S>,
    ) -> Self {
        Self {
            retry,
            operation,
            layers,
            conversions,
            view: PhantomData,
            body: Some(body),
        }
    }
}

// A panic drops the call together with the retry, so nobody sees the state in between.
impl<K: UnwindSafe, L: UnwindSafe, O, C, V, F: UnwindSafe> UnwindSafe
    for AttemptFuture<'_, '_, K, L, O, C, V, F>
{
}

impl<K, L: fmt::Debug, O, C, V, F> fmt::Debug for AttemptFuture<'_, '_, K, L, O, C, V, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptFuture")
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

impl<'r, K, L, O, C, V, F> Future for AttemptFuture<'r, '_, K, L, O, C, V, F>
where
    O: Fn() -> &'static Operation,
    F: Future<Output: Fallible>,
    L: Layers<ErrorOf<F>, Conversions: 'r>,
    C: Fn() -> &'r L::Conversions,
    V: View<ErrorOf<F>>,
    K: Slot<ErrorOf<F>> + NotesSlot<Retried> + Default,
{
    type Output = Option<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let (retry, operation) = (&mut **this.retry, (this.operation)());
        if retry.is_retried() {
            ready!(retry.poll_wait(operation, cx));
        }
        let mut outside = L::Outside::default();
        let conversions = (this.conversions)();
        let entry = this
            .layers
            .as_mut()
            .enter::<V>(cx, &mut outside, conversions);
        let (error, outside) = match entry {
            Entry::Run => {
                let unwinding = Unwinding(this.layers.as_mut(), &mut outside, PhantomData);
                let Some(body) = this.body.as_mut().as_pin_mut() else {
                    polled_after_expiry()
                };
                let polled = body.poll(cx);
                mem::forget(unwinding);
                match polled {
                    Poll::Ready(outcome) => match outcome.into_result() {
                        // The value alone is kept over the calls. A result would be copied through
                        // memory as a whole (measured: 6 ns).
                        Ok(value) => {
                            this.layers.succeed(&mut outside);
                            retry.succeeded(operation);
                            let outcome = F::Output::of_value(Success(value));
                            return Poll::Ready(Some(outcome));
                        }
                        Err(error) => (error, Some(&mut outside)),
                    },
                    Poll::Pending => {
                        let layers = this.layers.as_mut();
                        let Some(expired) = layers.pend(cx, &mut outside) else {
                            return Poll::Pending;
                        };
                        let (layers, outside) = (this.layers.as_mut(), &mut outside);
                        let body = this.body.as_mut();
                        let error =
                            expire::<_, V, L, F>(layers, outside, conversions, body, expired);
                        (error, None)
                    }
                }
            }
            Entry::Pending => return Poll::Pending,
            Entry::Failed(error) => (error, None),
        };
        let last = fail::<_, V, K, L>(retry, operation, this.layers, outside, error);
        Poll::Ready(last.map(F::Output::failed))
    }
}

/// Decides on an attempt that failed. Returns the error that the call ends with, or `None` if
/// another attempt is due. `outside` is there if the body returned the error, and the layers have
/// not ended yet.
// It does not know the body, so it is compiled once for all functions under the same layers.
#[cold]
#[inline(never)]
fn fail<E, V: View<E>, K: Slot<E> + NotesSlot<Retried> + Default, L: Layers<E>>(
    retry: &mut StackRetry<'_, K>,
    operation: &Operation,
    mut layers: Pin<&mut L>,
    outside: Option<&mut L::Outside>,
    error: E,
) -> Option<E> {
    let error = match outside {
        Some(outside) => layers.as_mut().fail::<V>(outside, error),
        None => error,
    };
    let mut origin = Origin::of_admission(!layers.has_refused());
    retry.failed::<E, V, _>(error, &mut origin, (L::refuses_for, &*layers), operation)
}

#[cfg(test)]
mod tests;
