//! The span of one attempt, for `#[retry(span = true)]`.

use core::any::type_name;
use core::borrow::Borrow;
use core::fmt;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tracing::field::Empty;
use tracing::span::{Entered, EnteredSpan};
use tracing::{Level, Span};

use super::config::RetryConfig;
use super::state::Retry;
use crate::heard::may_be_heard;
use crate::operation::Operation;

const LEVEL: Level = Level::INFO;

/// True if each attempt is a span. `attribute` is true for `span = true`.
#[inline]
fn is_on(config: &RetryConfig, attribute: bool) -> bool {
    #[cfg(feature = "config")]
    {
        config.has_span(attribute)
    }
    #[cfg(not(feature = "config"))]
    {
        let _ = config;
        attribute
    }
}

/// The span of one attempt of an async function. It ends when it is dropped.
///
/// Its fields have the names of OpenTelemetry's conventions, because `tracing-opentelemetry` makes
/// the status of a span from `otel.status_code`.
#[derive(Debug)]
pub struct AttemptSpan(
    // The future of a function is as unwind-safe as without the span, because a span has no state
    // that a panic could leave half-made.
    AssertUnwindSafe<Span>,
);

impl AttemptSpan {
    /// Opens the span of the attempt that begins now, inside of the caller's span.
    #[inline]
    pub fn new<C: Borrow<RetryConfig>, S>(retry: &Retry<C, S>, operation: &Operation) -> Self {
        Self::open(operation, retry.attempt().number())
    }

    /// Opens the span, unless the configuration file says otherwise. `attribute` is true for
    /// `span = true`.
    #[inline]
    pub fn in_file<C: Borrow<RetryConfig>, S>(
        retry: &Retry<C, S>,
        operation: &Operation,
        attribute: bool,
    ) -> Self {
        if is_on(retry.config.borrow(), attribute) {
            Self::open(operation, retry.attempt().number())
        } else {
            Self(AssertUnwindSafe(Span::none()))
        }
    }

    fn open(operation: &Operation, attempt: u32) -> Self {
        Self(AssertUnwindSafe(tracing::span!(
            target: "resilience",
            LEVEL,
            "attempt",
            operation = operation.name(),
            attempt,
            "otel.kind" = "internal",
            "otel.status_code" = Empty,
            "error.type" = Empty,
        )))
    }

    /// Enters the span until the guard is dropped.
    #[inline]
    pub fn enter(&self) -> Entered<'_> {
        self.0.enter()
    }

    /// Enters the span for each poll of `attempt`, and for its drop.
    #[inline]
    pub fn instrument<F>(&self, attempt: F) -> InAttemptSpan<'_, F> {
        InAttemptSpan {
            span: self,
            attempt: Some(attempt),
        }
    }

    /// Records the result of the attempt. An attempt that is cancelled or that panics has none.
    #[inline]
    pub fn ended<T, E>(&self, result: &Result<T, E>) {
        if !self.0.is_disabled() {
            self.record(result.is_err().then(type_name::<E>));
        }
    }

    #[cold]
    fn record(&self, error: Option<&'static str>) {
        match error {
            None => record_success(&self.0),
            Some(error) => record_failure(&self.0, error),
        }
    }
}

#[cold]
#[inline(never)]
fn record_success(span: &Span) {
    span.record("otel.status_code", "OK");
}

#[cold]
#[inline(never)]
fn record_failure(span: &Span, error: &'static str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", error);
}

/// The span of one attempt of a sync function. The function is in the span until this is dropped,
/// and the span ends then.
///
/// It is `None` if nobody would hear of the span, so that such an attempt passes it by.
#[derive(Debug)]
pub struct EnteredAttempt(Option<EnteredSpan>);

impl EnteredAttempt {
    /// Opens the span of the attempt that begins now, inside of the caller's span, and enters it.
    #[inline]
    pub fn new<C: Borrow<RetryConfig>, S>(retry: &Retry<C, S>, operation: &Operation) -> Self {
        Self::open(may_be_heard(LEVEL), retry, operation)
    }

    /// Opens and enters the span, unless the configuration file says otherwise. `attribute` is true
    /// for `span = true`.
    #[inline]
    pub fn in_file<C: Borrow<RetryConfig>, S>(
        retry: &Retry<C, S>,
        operation: &Operation,
        attribute: bool,
    ) -> Self {
        let is_on = may_be_heard(LEVEL) && is_on(retry.config.borrow(), attribute);
        Self::open(is_on, retry, operation)
    }

    #[inline]
    fn open<C: Borrow<RetryConfig>, S>(
        is_on: bool,
        retry: &Retry<C, S>,
        operation: &Operation,
    ) -> Self {
        Self(is_on.then(|| entered(operation, retry.attempt().number())))
    }

    /// Records that the attempt has succeeded. An attempt that panics has no result.
    #[inline]
    pub fn succeeded(&self) {
        if let Some(span) = &self.0 {
            record_success(span);
        }
    }

    /// Records that the attempt has failed. It takes the result for the type of the error.
    #[inline]
    pub fn failed<T, E>(&self, _: &Result<T, E>) {
        if let Some(span) = &self.0 {
            record_failure(span, type_name::<E>());
        }
    }

    /// Records the result of the attempt.
    #[inline]
    pub fn ended<T, E>(&self, result: &Result<T, E>) {
        match result {
            Ok(_) => self.succeeded(),
            Err(_) => self.failed(result),
        }
    }

    /// Leaves the span, and ends it.
    #[inline]
    pub fn leave(self) {}
}

impl Drop for EnteredAttempt {
    #[inline]
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            leave(span);
        }
    }
}

// The two are out of line, because they are the same for all functions.
#[cold]
#[inline(never)]
fn entered(operation: &Operation, attempt: u32) -> EnteredSpan {
    AttemptSpan::open(operation, attempt).0.0.entered()
}

#[cold]
#[inline(never)]
fn leave(span: EnteredSpan) {
    drop(span);
}

pin_project! {
    /// The future that [`AttemptSpan::instrument`] returns.
    ///
    /// It borrows the span, where `tracing`'s own future would own it, because the decision on
    /// another attempt is made in the span when this future is gone.
    #[must_use = "futures do nothing unless polled"]
    pub struct InAttemptSpan<'s, F> {
        span: &'s AttemptSpan,
        // `None` when the attempt has ended, because the attempt is dropped inside of the span.
        #[pin]
        attempt: Option<F>,
    }

    impl<F> PinnedDrop for InAttemptSpan<'_, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.attempt.is_some() {
                let _entered = this.span.enter();
                this.attempt.set(None);
            }
        }
    }
}

impl<F: Future> Future for InAttemptSpan<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let _entered = this.span.enter();
        let Some(attempt) = this.attempt.as_mut().as_pin_mut() else {
            unreachable!("the expansion awaits each attempt once")
        };
        let outcome = ready!(attempt.poll(cx));
        this.attempt.set(None);
        Poll::Ready(outcome)
    }
}

// The attempt is left out, because few futures are `Debug`.
impl<F> fmt::Debug for InAttemptSpan<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InAttemptSpan")
            .field("span", self.span)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::future;
    use core::panic::{RefUnwindSafe, UnwindSafe};

    #[test]
    fn a_future_in_a_span_is_as_good_as_the_future() {
        fn carried<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
        carried::<InAttemptSpan<'_, future::Ready<()>>>();
    }

    #[test]
    fn a_sync_attempt_that_nobody_hears_of_has_no_span() {
        const CONFIG: RetryConfig = RetryConfig::new();
        static LOAD: Operation = Operation::new("attempt_span::load");
        let retry = Retry::<_, ()>::new(&CONFIG);
        let span = EnteredAttempt::open(false, &retry, &LOAD);
        assert!(span.0.is_none());
        span.ended(&Ok::<_, ()>(()));
        span.leave();
    }

    #[test]
    fn without_a_subscriber_there_is_no_span() {
        static FETCH: Operation = Operation::new("attempt_span::fetch");
        let span = AttemptSpan::open(&FETCH, 1);
        assert!(span.0.is_disabled());
        span.ended(&Err::<(), _>("down"));
    }
}
