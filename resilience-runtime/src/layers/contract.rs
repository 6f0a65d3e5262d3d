//! The questions that a future asks the layers around its body.

use std::{marker::PhantomData, mem, pin::Pin, task::Context, time::Duration};

use crate::errors::View;

/// One or more layers around a body with errors of type `E`.
pub trait Layers<E> {
    /// The state of the thread that the end of a poll restores.
    type Outside: Default;

    /// The functions that make the errors of calls that the layers end. Each poll lends them, so
    /// that neither the layers nor their types hold them.
    type Conversions;

    /// The layer that ends a call whose body is pending.
    type Expired;

    /// Begins a poll of the body.
    fn enter<V: View<E>>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outside: &mut Self::Outside,
        conversions: &Self::Conversions,
    ) -> Entry<E>;

    /// Ends a poll that leaves the body pending. If the call ends here, the body is dropped next.
    fn pend(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outside: &mut Self::Outside,
    ) -> Option<Self::Expired>;

    /// Ends a call whose body has expired and is dropped, and returns the error.
    fn expire<V: View<E>>(
        self: Pin<&mut Self>,
        expired: Self::Expired,
        outside: &mut Self::Outside,
        conversions: &Self::Conversions,
    ) -> E;

    /// Ends a call that succeeded.
    fn succeed(self: Pin<&mut Self>, outside: &mut Self::Outside);

    /// Ends a call that returned an error, and returns the error.
    fn fail<V: View<E>>(self: Pin<&mut Self>, outside: &mut Self::Outside, error: E) -> E;

    /// Ends a call that panicked.
    fn unwind(self: Pin<&mut Self>, outside: &mut Self::Outside);

    /// Ends a call that a layer outside has ended.
    fn abandon(self: Pin<&mut Self>, outside: &mut Self::Outside);

    /// True if a layer has refused the call.
    fn has_refused(&self) -> bool;

    /// Returns the time for which another call is certain to be refused.
    fn refuses_for(&self) -> Option<Duration>;
}

/// The answer of layers before a poll of the body.
#[derive(Debug)]
pub enum Entry<E> {
    /// The body is polled.
    Run,
    /// A layer waits for something else than the body.
    Pending,
    /// A layer ends the call with this error.
    Failed(E),
}

/// Ends a call that returned an error, and returns the error.
// It is out of line, because it is the same for all functions under the same layers.
#[cold]
#[inline(never)]
pub(crate) fn fail<E, V: View<E>, L: Layers<E>>(
    layers: Pin<&mut L>,
    outside: &mut L::Outside,
    error: E,
) -> E {
    layers.fail::<V>(outside, error)
}

/// Drops a body whose time is over, and ends the call.
// It is inlined, because it is compiled for each body anyway.
#[inline]
pub(crate) fn expire<E, V: View<E>, L: Layers<E>, F>(
    mut layers: Pin<&mut L>,
    outside: &mut L::Outside,
    conversions: &L::Conversions,
    mut body: Pin<&mut Option<F>>,
    expired: L::Expired,
) -> E {
    let unwinding = Unwinding(layers.as_mut(), outside, PhantomData);
    body.set(None);
    mem::forget(unwinding);
    layers.expire::<V>(expired, outside, conversions)
}

/// Tells the layers of a panic of the code inside of them.
pub(crate) struct Unwinding<'l, E, L: Layers<E>>(
    pub(crate) Pin<&'l mut L>,
    pub(crate) &'l mut L::Outside,
    pub(crate) PhantomData<E>,
);

impl<E, L: Layers<E>> Drop for Unwinding<'_, E, L> {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        self.0.as_mut().unwind(self.1);
    }
}
