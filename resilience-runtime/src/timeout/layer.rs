//! An async timeout, as a layer around a body that is polled.

use std::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::Context,
    time::Duration,
};

use pin_project_lite::pin_project;

use super::{config::TimeoutConfig, error::TimedOut, progress::Progress};
use crate::{
    deadline::Frame,
    errors::View,
    layers::{Entry, Layers},
};

pin_project! {
    /// A limit around a body that counts from the first poll.
    #[doc(hidden)]
    pub struct TimeoutLayer<'t> {
        config: &'t TimeoutConfig,
        #[pin]
        progress: Progress,
    }
}

impl<'t> TimeoutLayer<'t> {
    /// Limits each call by the configuration.
    #[inline]
    pub fn new(config: &'t TimeoutConfig) -> Self {
        Self {
            config,
            progress: Progress::unpolled(),
        }
    }
}

/// The frame around the timeout, while a poll of the body runs in the timeout's own frame.
// It is no guard, because the poll of each function would have the code that drops it.
#[derive(Debug, Default)]
pub struct OuterFrame(Option<Frame>);

impl OuterFrame {
    /// Makes the frame the current one again.
    #[inline]
    fn restore(&mut self) {
        if let Some(frame) = self.0 {
            frame.set_current();
        }
    }
}

impl<E> Layers<E> for TimeoutLayer<'_> {
    type Outside = OuterFrame;
    type Expired = ();
    type Conversions = (fn(TimedOut) -> E,);

    #[inline]
    fn enter<V: View<E>>(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        outer: &mut OuterFrame,
        conversions: &Self::Conversions,
    ) -> Entry<E> {
        let mut this = self.project();
        match this.progress.as_mut().enter(this.config) {
            Some(entered) => {
                outer.0 = Some(entered.into_outer());
                Entry::Run
            }
            None => Entry::Failed(conversions.0(this.progress.error(this.config))),
        }
    }

    #[inline]
    fn pend(self: Pin<&mut Self>, cx: &mut Context<'_>, outer: &mut OuterFrame) -> Option<()> {
        outer.restore();
        let this = self.project();
        this.progress.has_expired(this.config, cx).then_some(())
    }

    #[inline]
    fn expire<V: View<E>>(
        self: Pin<&mut Self>,
        (): (),
        _: &mut OuterFrame,
        conversions: &Self::Conversions,
    ) -> E {
        let this = self.project();
        conversions.0(this.progress.error(this.config))
    }

    #[inline]
    fn succeed(self: Pin<&mut Self>, outer: &mut OuterFrame) {
        outer.restore();
    }

    #[inline]
    fn fail<V: View<E>>(self: Pin<&mut Self>, outer: &mut OuterFrame, error: E) -> E {
        outer.restore();
        error
    }

    #[inline]
    fn unwind(self: Pin<&mut Self>, outer: &mut OuterFrame) {
        outer.restore();
    }

    #[inline]
    fn abandon(self: Pin<&mut Self>, _: &mut OuterFrame) {
        // The end of the poll has left the frame, or the body was not polled.
    }

    #[inline]
    fn has_refused(&self) -> bool {
        false
    }

    #[inline]
    fn refuses_for(&self) -> Option<Duration> {
        None
    }
}

// tokio's timer is not `UnwindSafe`. The whole is, because a panic of the body leaves the timer as
// it was: the timer is not touched while the body runs.
impl UnwindSafe for TimeoutLayer<'_> {}
impl RefUnwindSafe for TimeoutLayer<'_> {}

impl fmt::Debug for TimeoutLayer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutLayer")
            .field("config", &self.config)
            .field("phase", &self.progress.phase())
            .finish_non_exhaustive()
    }
}
