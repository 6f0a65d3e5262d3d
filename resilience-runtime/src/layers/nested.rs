//! A layer around other layers.

use std::{marker::PhantomData, mem, pin::Pin, task::Context, time::Duration};

use pin_project_lite::pin_project;

use super::contract::{Entry, Layers, Unwinding};
use crate::errors::View;

pin_project! {
    /// A layer and the layers inside of it.
    #[derive(Debug)]
    pub struct Nested<A, B> {
        #[pin]
        outer: A,
        #[pin]
        inner: B,
    }
}

/// One of two layers.
#[derive(Debug)]
pub enum OneOf<A, B> {
    /// The outer one.
    Outer(A),
    /// The inner one.
    Inner(B),
}

impl<A, B> Nested<A, B> {
    /// Puts `outer` around `inner`.
    #[inline]
    pub fn new(outer: A, inner: B) -> Self {
        Self { outer, inner }
    }
}

// The methods are out of line, because they are the same for all functions under these layers.
// Those of a single layer call their own code that is long out of line. The outer layer hears of a
// panic in the inner one, because an error that is shown, or a conversion of the user's, may panic.
impl<E, A: Layers<E>, B: Layers<E>> Layers<E> for Nested<A, B> {
    type Outside = (A::Outside, B::Outside);
    type Conversions = (A::Conversions, B::Conversions);
    type Expired = OneOf<A::Expired, B::Expired>;

    #[inline(never)]
    fn enter<V: View<E>>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outside: &mut Self::Outside,
        conversions: &Self::Conversions,
    ) -> Entry<E> {
        let mut this = self.project();
        match this
            .outer
            .as_mut()
            .enter::<V>(cx, &mut outside.0, &conversions.0)
        {
            Entry::Run => {}
            other => return other,
        }
        let unwinding = Unwinding(this.outer.as_mut(), &mut outside.0, PhantomData);
        let entry = this
            .inner
            .as_mut()
            .enter::<V>(cx, &mut outside.1, &conversions.1);
        mem::forget(unwinding);
        match entry {
            Entry::Run => Entry::Run,
            Entry::Pending => match this.outer.as_mut().pend(cx, &mut outside.0) {
                None => Entry::Pending,
                Some(expired) => {
                    this.inner.abandon(&mut outside.1);
                    let (outside, conversions) = (&mut outside.0, &conversions.0);
                    Entry::Failed(this.outer.expire::<V>(expired, outside, conversions))
                }
            },
            Entry::Failed(error) => Entry::Failed(this.outer.fail::<V>(&mut outside.0, error)),
        }
    }

    #[inline(never)]
    fn pend(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outside: &mut Self::Outside,
    ) -> Option<Self::Expired> {
        let mut this = self.project();
        let unwinding = Unwinding(this.outer.as_mut(), &mut outside.0, PhantomData);
        let expired = this.inner.pend(cx, &mut outside.1);
        mem::forget(unwinding);
        if let Some(expired) = expired {
            return Some(OneOf::Inner(expired));
        }
        this.outer.pend(cx, &mut outside.0).map(OneOf::Outer)
    }

    #[cold]
    #[inline(never)]
    fn expire<V: View<E>>(
        self: Pin<&mut Self>,
        expired: Self::Expired,
        outside: &mut Self::Outside,
        conversions: &Self::Conversions,
    ) -> E {
        let mut this = self.project();
        match expired {
            OneOf::Inner(expired) => {
                let unwinding = Unwinding(this.outer.as_mut(), &mut outside.0, PhantomData);
                let (inside, conversions) = (&mut outside.1, &conversions.1);
                let error = this.inner.expire::<V>(expired, inside, conversions);
                mem::forget(unwinding);
                this.outer.fail::<V>(&mut outside.0, error)
            }
            OneOf::Outer(expired) => {
                this.inner.abandon(&mut outside.1);
                let (outside, conversions) = (&mut outside.0, &conversions.0);
                this.outer.expire::<V>(expired, outside, conversions)
            }
        }
    }

    #[inline(never)]
    fn succeed(self: Pin<&mut Self>, outside: &mut Self::Outside) {
        let mut this = self.project();
        let unwinding = Unwinding(this.outer.as_mut(), &mut outside.0, PhantomData);
        this.inner.succeed(&mut outside.1);
        mem::forget(unwinding);
        this.outer.succeed(&mut outside.0);
    }

    #[cold]
    #[inline(never)]
    fn fail<V: View<E>>(self: Pin<&mut Self>, outside: &mut Self::Outside, error: E) -> E {
        let mut this = self.project();
        let unwinding = Unwinding(this.outer.as_mut(), &mut outside.0, PhantomData);
        let error = this.inner.fail::<V>(&mut outside.1, error);
        mem::forget(unwinding);
        this.outer.fail::<V>(&mut outside.0, error)
    }

    #[cold]
    #[inline(never)]
    fn unwind(self: Pin<&mut Self>, outside: &mut Self::Outside) {
        let this = self.project();
        this.inner.unwind(&mut outside.1);
        this.outer.unwind(&mut outside.0);
    }

    #[cold]
    #[inline(never)]
    fn abandon(self: Pin<&mut Self>, outside: &mut Self::Outside) {
        let this = self.project();
        this.inner.abandon(&mut outside.1);
        this.outer.abandon(&mut outside.0);
    }

    #[inline]
    fn has_refused(&self) -> bool {
        self.outer.has_refused() || self.inner.has_refused()
    }

    #[inline]
    fn refuses_for(&self) -> Option<Duration> {
        self.outer.refuses_for().max(self.inner.refuses_for())
    }
}
