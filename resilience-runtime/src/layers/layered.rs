//! The future of a body under circuits and timeouts.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::contract::{Entry, Layers, Unwinding, expire, fail};
use crate::{
    errors::{Traits, View},
    fallible::{Fallible, Success},
};

pin_project! {
    /// Runs a body under layers.
    ///
    /// The layers do not appear in the user's function, because the function would have to keep,
    /// drop and unwind them, and that code would be compiled for each function.
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Layered<'t, L, C, V, F> {
        #[pin]
        layers: L,
        conversions: C,
        view: PhantomData<(&'t (), V)>,
        // `None` after the expiry, because the body is dropped before the error is made.
        #[pin]
        body: Option<F>,
    }
}

/// The output of a future as the `Result` that it is.
pub(crate) type ResultOf<F> = Result<<<F as Future>::Output as Fallible>::Value, ErrorOf<F>>;

pub(crate) type ErrorOf<F> = <<F as Future>::Output as Fallible>::Error;

impl<'t, L, C, V, F> Layered<'t, L, C, V, F>
where
    F: Future<Output: Fallible>,
    L: Layers<ErrorOf<F>, Conversions: 't>,
    C: Fn() -> &'t L::Conversions,
{
    /// `_traits` is not called: its type says how an error is looked at.
    #[inline]
    pub fn new<S>(
        layers: L,
        conversions: C,
        body: F,
        _traits: impl FnOnce(&ResultOf<F>) -> Traits<V, S>,
    ) -> Self {
        Self {
            layers,
            conversions,
            view: PhantomData,
            body: Some(body),
        }
    }
}

impl<'t, L, C, V, F> Future for Layered<'t, L, C, V, F>
where
    F: Future<Output: Fallible>,
    L: Layers<ErrorOf<F>, Conversions: 't>,
    C: Fn() -> &'t L::Conversions,
    V: View<ErrorOf<F>>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut outside = L::Outside::default();
        let conversions = (this.conversions)();
        match this
            .layers
            .as_mut()
            .enter::<V>(cx, &mut outside, conversions)
        {
            Entry::Run => {}
            Entry::Pending => return Poll::Pending,
            Entry::Failed(error) => return Poll::Ready(F::Output::failed(error)),
        }
        let unwinding = Unwinding(this.layers.as_mut(), &mut outside, PhantomData);
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            polled_after_expiry()
        };
        let polled = body.poll(cx);
        mem::forget(unwinding);
        match polled {
            // The value is taken out before the layers end the call, so that it alone is kept over
            // that. A result would be copied as a whole.
            Poll::Ready(outcome) => Poll::Ready(match outcome.into_result() {
                Ok(value) => {
                    this.layers.succeed(&mut outside);
                    F::Output::of_value(Success(value))
                }
                Err(error) => F::Output::failed(fail::<_, V, L>(this.layers, &mut outside, error)),
            }),
            Poll::Pending => match this.layers.as_mut().pend(cx, &mut outside) {
                None => Poll::Pending,
                Some(expired) => {
                    let (layers, outside) = (this.layers, &mut outside);
                    let error =
                        expire::<_, V, L, F>(layers, outside, conversions, this.body, expired);
                    Poll::Ready(F::Output::failed(error))
                }
            },
        }
    }
}

#[cold]
#[track_caller]
pub(crate) fn polled_after_expiry() -> ! {
    panic!("a call was polled after it expired")
}

// The body is left out, because few futures are `Debug`.
impl<L: fmt::Debug, C, V, F> fmt::Debug for Layered<'_, L, C, V, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered")
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}
