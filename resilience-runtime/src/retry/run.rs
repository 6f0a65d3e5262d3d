//! Retry without an attribute is a loop around a closure, sync or async.

use super::backoff::Backoff;
use super::config::RetryConfig;
use super::ended_attempt::EndedAttempt;
use super::event::RetryEvent;
use super::hint::RetryHint;
use super::hooks::{AbortIf, DelayHint, Hooks, NoHooks, OnRetry, RetryIf, RetryIfOk};
use super::state::Retry;
use crate::errors::error_slot::{Nowhere, Slot};
use crate::errors::{AsTypeName, Traits};
use crate::operation::Operation;
use core::any::type_name;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

impl RetryConfig {
    /// Calls `function` until it succeeds or this configuration gives up, and blocks the thread in
    /// between, in real time even if tokio's clock is paused. Every error is retried;
    /// [`prepare`](Self::prepare) takes filters and hooks. Inside a sync `#[timeout]` a wait that
    /// would outlast the deadline is not begun.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// let mut calls = 0;
    /// let answer = RetryConfig::new()
    ///     .base_delay(Duration::from_millis(1))
    ///     .run(|| {
    ///         calls += 1;
    ///         if calls < 3 { Err("busy") } else { Ok(42) }
    ///     });
    /// assert_eq!((answer, calls), (Ok(42), 3));
    /// ```
    ///
    /// # Errors
    ///
    /// The last error of `function`, as it was.
    pub fn run<T, E, F>(&self, function: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>,
    {
        self.prepare(function).run()
    }

    /// Makes a retry that is not running yet, so that filters and hooks can be added before it
    /// [`run`](Self::run)s.
    ///
    /// Nothing is demanded of the error type, so a value does not see by itself that an error is
    /// the refusal of an open circuit. The filter asks [`is_refusal`](crate::is_refusal), if the
    /// retry should not repeat refusals.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, RetryConfig, is_refusal};
    /// use std::io;
    ///
    /// let breaker = CircuitBreaker::new("disk", CircuitBreakerConfig::new());
    /// let answer = RetryConfig::new()
    ///     .prepare(|| breaker.call(|| Ok::<_, io::Error>(42)))
    ///     .operation("read the disk")
    ///     .retry_if(|error| !is_refusal(error))
    ///     .on_retry(|event| println!("{}: attempt {}", event.operation, event.attempt))
    ///     .run();
    /// assert_eq!(answer.ok(), Some(42));
    /// ```
    pub fn prepare<T, E, F>(&self, function: F) -> PreparedRetry<F>
    where
        F: FnMut() -> Result<T, E>,
    {
        PreparedRetry {
            config: *self,
            function,
            operation: type_name::<F>(),
            hooks: NoHooks,
        }
    }

    /// Calls `function` and awaits its future until that succeeds or this configuration gives up.
    /// Every error is retried. A failed attempt's future is dropped before the wait begins.
    ///
    /// Filters and hooks can be added before the future is polled:
    ///
    /// ```
    /// use resilience::{RetryConfig, is_refusal};
    /// use std::cell::Cell;
    /// use std::io::{Error, ErrorKind};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let calls = Cell::new(0);
    /// let answer = RetryConfig::new()
    ///     .max_elapsed(Duration::from_secs(30))
    ///     .run_async(|| async {
    ///         calls.set(calls.get() + 1);
    ///         if calls.get() < 3 { Err(Error::from(ErrorKind::ConnectionReset)) } else { Ok(42) }
    ///     })
    ///     .operation("fetch the answer")
    ///     .retry_if(|error| !is_refusal(error))
    ///     .abort_if(|error| error.kind() == ErrorKind::NotFound)
    ///     .await;
    /// assert_eq!((answer.ok(), calls.get()), (Some(42), 3));
    /// # }
    /// ```
    ///
    /// The future is `Send` if the closure and its futures are.
    ///
    /// # No `AsyncFnMut`
    ///
    /// The closure is an `FnMut` that returns a future, and no `AsyncFnMut`. An async closure that
    /// changes what it captures, like `async || connection.ping().await` with a
    /// `connection: &mut Connection`, is refused with "async closure does not implement `FnMut`
    /// because it captures state from its environment". Its futures borrow from the closure, and
    /// rustc cannot prove that a loop around such futures is `Send` (rust-lang/rust#134997).
    ///
    /// There are two ways out. A method of `Connection` under `#[retry]` takes `&mut self`. A lock
    /// lends the connection to one attempt after the other:
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use tokio::sync::Mutex;
    ///
    /// # struct Connection(u32);
    /// # impl Connection {
    /// #     async fn ping(&mut self) -> Result<u32, &'static str> {
    /// #         self.0 += 1;
    /// #         if self.0 < 3 { Err("busy") } else { Ok(self.0) }
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// # let mut connection = Connection(0);
    /// let connection = Mutex::new(&mut connection);
    /// let pinged = RetryConfig::new().run_async(|| async { connection.lock().await.ping().await });
    /// assert_eq!(pinged.await, Ok(3));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The future resolves to the last error of `function`, as it was.
    ///
    /// # Panics
    ///
    /// The future panics if it has to wait outside a tokio runtime with its timer enabled.
    pub fn run_async<T, E, F, Fut>(self, function: F) -> RetryFuture<F, Fut>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        RetryFuture {
            retry: Retry::unbegun(self),
            is_begun: false,
            function,
            operation: type_name::<F>(),
            hooks: NoHooks,
            phase: Phase::Idle,
        }
    }
}

/// Defines the setters of filters and hooks. They are the same for sync and async.
macro_rules! setters {
    ($with:ident) => {
        /// Sets the name of the operation in logs and events. Default: the type of the function.
        pub fn operation(mut self, name: &'static str) -> Self {
            self.operation = name;
            self
        }

        $with! {
            /// Retries only errors that `f` accepts. Added twice, both must agree.
            retry_if, RetryIf, FnMut(&E) -> bool
        }
        $with! {
            /// Never retries errors that `f` accepts.
            abort_if, AbortIf, FnMut(&E) -> bool
        }
        $with! {
            /// Tries values again that `f` accepts, such as "not ready yet". When attempts run out
            /// the last one is returned.
            retry_if_ok, RetryIfOk, FnMut(&T) -> bool
        }
        $with! {
            /// Lets the error say what the server asked for, such as `Retry-After`. `f` returns a
            /// [`RetryHint`], a [`Duration`](core::time::Duration) or an `Option<Duration>`.
            delay_hint, DelayHint [R: Into<RetryHint>], FnMut(&E) -> R
        }
        $with! {
            /// Calls `f` before each wait.
            on_retry, OnRetry, FnMut(&RetryEvent<'_, T, E>)
        }
    };
}

/// A retry of a sync function that is ready to [`run`](Self::run); see [`RetryConfig::prepare`].
#[must_use = "a retry does nothing until it runs"]
pub struct PreparedRetry<F, H = NoHooks> {
    config: RetryConfig,
    function: F,
    operation: &'static str,
    hooks: H,
}

macro_rules! prepared_with {
    ($(#[$doc:meta])* $name:ident, $hook:ident $([$($returned:tt)*])?, $($bound:tt)*) => {
        $(#[$doc])*
        pub fn $name<$($($returned)*,)? P: $($bound)*>(self, f: P) -> PreparedRetry<F, $hook<P, H>> {
            PreparedRetry {
                config: self.config,
                function: self.function,
                operation: self.operation,
                hooks: $hook(f, self.hooks),
            }
        }
    };
}

impl<T, E, F, H> PreparedRetry<F, H>
where
    F: FnMut() -> Result<T, E>,
    H: Hooks<T, E>,
{
    setters!(prepared_with);

    /// Calls the function until it succeeds or the retry gives up, and blocks the thread in
    /// between.
    ///
    /// # Errors
    ///
    /// The last error of the function, as it was.
    pub fn run(mut self) -> Result<T, E> {
        let mut retry = Retry::unbegun(&self.config);
        retry.begin(H::IS_TOLD);
        retry.deposit(&Operation::new(self.operation));
        loop {
            let outcome = (self.function)();
            let attempt = EndedAttempt::after_blocking(&mut retry, UNSEEN, outcome);
            if let Some(outcome) = judged(attempt, &mut self.hooks, self.operation) {
                return outcome;
            }
            retry.wait_blocking();
        }
    }
}

impl<F, H> fmt::Debug for PreparedRetry<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedRetry")
            .field("config", &self.config)
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// A value demands nothing of the error type. So it shows an error by the name of the type, sees no
/// refusals, and need not keep an error.
const UNSEEN: Traits<AsTypeName, Nowhere> = Traits::new();

fn judged<T, E, S: Slot<E>, H: Hooks<T, E>>(
    attempt: EndedAttempt<'_, T, E, AsTypeName, S>,
    hooks: &mut H,
    operation: &'static str,
) -> Option<Result<T, E>> {
    attempt
        .retry_if(|error| hooks.retry_if(error))
        .retry_if_ok(|value| hooks.retry_if_ok(value))
        .delay_hint(|error| hooks.delay_hint(error))
        .next_telling(&Operation::new(operation), |event| hooks.on_retry(event))
}

pin_project! {
    /// The future of [`RetryConfig::run_async`]. Nothing runs, and no time counts, before it is
    /// polled.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<F, Fut, H = NoHooks> {
        retry: Retry<RetryConfig, Nowhere>,
        is_begun: bool,
        function: F,
        operation: &'static str,
        hooks: H,
        #[pin]
        phase: Phase<Fut>,
    }
}

pin_project! {
    // The attempt and the wait take turns in the same memory.
    #[project = PhaseProjection]
    enum Phase<Fut> {
        // The next poll begins an attempt.
        Idle,
        Attempting { #[pin] attempt: Fut },
        Waiting { #[pin] backoff: Backoff },
        Done,
    }
}

macro_rules! future_with {
    ($(#[$doc:meta])* $name:ident, $hook:ident $([$($returned:tt)*])?, $($bound:tt)*) => {
        $(#[$doc])*
        pub fn $name<$($($returned)*,)? P: $($bound)*>(self, f: P) -> RetryFuture<F, Fut, $hook<P, H>> {
            RetryFuture {
                retry: self.retry,
                is_begun: self.is_begun,
                function: self.function,
                operation: self.operation,
                hooks: $hook(f, self.hooks),
                phase: self.phase,
            }
        }
    };
}

impl<T, E, F, Fut, H> RetryFuture<F, Fut, H>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    H: Hooks<T, E>,
{
    setters!(future_with);
}

impl<T, E, F, Fut, H> Future for RetryFuture<F, Fut, H>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    H: Hooks<T, E>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if !core::mem::replace(this.is_begun, true) {
            this.retry.begin(H::IS_TOLD);
            this.retry.deposit(&Operation::new(this.operation));
        }
        loop {
            match this.phase.as_mut().project() {
                PhaseProjection::Idle => {
                    let attempt = (this.function)();
                    this.phase.set(Phase::Attempting { attempt });
                }
                PhaseProjection::Attempting { attempt } => {
                    let outcome = ready!(attempt.poll(cx));
                    this.phase.set(Phase::Done);
                    let attempt = EndedAttempt::after(this.retry, UNSEEN, outcome);
                    if let Some(outcome) = judged(attempt, this.hooks, this.operation) {
                        return Poll::Ready(outcome);
                    }
                    let backoff = this.retry.wait(&Operation::new(this.operation));
                    this.phase.set(Phase::Waiting { backoff });
                }
                PhaseProjection::Waiting { backoff } => {
                    ready!(backoff.poll(cx));
                    this.phase.set(Phase::Idle);
                }
                PhaseProjection::Done => panic!("`RetryFuture` polled after completion"),
            }
        }
    }
}

impl<F, Fut, H> fmt::Debug for RetryFuture<F, Fut, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture")
            .field("config", &self.retry.config)
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
