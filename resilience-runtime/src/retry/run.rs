//! Retry without an attribute: the loop around a closure, sync and async.

use super::attempt::Attempt;
use super::backoff::Backoff;
use super::config::RetryConfig;
use super::event::RetryEvent;
use super::hooks::{AbortIf, DelayHint, Hooks, NoHooks, OnRetry, RetryIf, RetryIfOk};
use super::state::Retry;
use crate::inspect::{AsTypeName, Nowhere, Slot, Traits};
use core::any::type_name;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use pin_project_lite::pin_project;

impl RetryConfig {
    /// Calls `function` until it succeeds or this configuration gives up, and blocks the thread in between. Every error
    /// is retried; [`prepare`](Self::prepare) takes filters and hooks. Inside a sync `#[timeout]` a wait that would
    /// outlast the deadline is not begun.
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

    /// Prepares what [`run`](Self::run) does, so that filters and hooks can be added before it runs.
    ///
    /// Nothing is demanded of the error type, so a value does not see by itself that an error is the refusal of an open
    /// circuit: ask [`is_refusal`](crate::is_refusal).
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

    /// Calls `function` and awaits its future until that succeeds or this configuration gives up. Every error is
    /// retried. A failed attempt's future is dropped before the wait begins.
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
    /// The future is `Send` if the closure and its futures are. The price is that the futures must not borrow from the
    /// closure, as those of `async || connection.ping().await` do with a `connection: &mut Connection`: rustc cannot
    /// prove of such a loop that it is `Send` (rust-lang/rust#134997). There are two ways out. A method of `Connection`
    /// under `#[retry]` takes `&mut self`. And a lock lends the connection to one attempt after the other:
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

/// The setters of filters and hooks, which are the same for sync and async.
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
            /// Tries values again that `f` accepts, such as "not ready yet". When attempts run out the last one is
            /// returned.
            retry_if_ok, RetryIfOk, FnMut(&T) -> bool
        }
        $with! {
            /// Lets the error say how long to wait, such as `Retry-After`, instead of the computed delay.
            delay_hint, DelayHint, FnMut(&E) -> Option<Duration>
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
    ($(#[$doc:meta])* $name:ident, $hook:ident, $($bound:tt)*) => {
        $(#[$doc])*
        pub fn $name<P: $($bound)*>(self, f: P) -> PreparedRetry<F, $hook<P, H>> {
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

    /// Calls the function until it succeeds or the retry gives up, and blocks the thread in between.
    ///
    /// # Errors
    ///
    /// The last error of the function, as it was.
    pub fn run(mut self) -> Result<T, E> {
        let mut retry = Retry::unbegun(&self.config);
        retry.begin(H::IS_TOLD);
        loop {
            retry.wait_blocking();
            let outcome = (self.function)();
            let attempt = Attempt::after_blocking(&mut retry, UNSEEN, outcome);
            if let Some(outcome) = judged(attempt, &mut self.hooks, self.operation) {
                return outcome;
            }
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

/// Nothing is demanded of the error type: errors are shown by the name of their type, hold no refusals as far as a value
/// can see, and need not be kept.
const UNSEEN: Traits<AsTypeName, Nowhere> = Traits::new();

fn judged<T, E, S: Slot<E>, H: Hooks<T, E>>(
    attempt: Attempt<'_, T, E, AsTypeName, S>,
    hooks: &mut H,
    operation: &'static str,
) -> Option<Result<T, E>> {
    attempt
        .retry_if(|error| hooks.retry_if(error))
        .retry_if_ok(|value| hooks.retry_if_ok(value))
        .delay_hint(|error| hooks.delay_hint(error))
        .next_telling(operation, |event| hooks.on_retry(event))
}

pin_project! {
    /// The future of [`RetryConfig::run_async`]. Nothing runs, and no time counts, before it is polled.
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
    ($(#[$doc:meta])* $name:ident, $hook:ident, $($bound:tt)*) => {
        $(#[$doc])*
        pub fn $name<P: $($bound)*>(self, f: P) -> RetryFuture<F, Fut, $hook<P, H>> {
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
                    let attempt = Attempt::after(this.retry, UNSEEN, outcome);
                    if let Some(outcome) = judged(attempt, this.hooks, this.operation) {
                        return Poll::Ready(outcome);
                    }
                    let backoff = this.retry.wait(this.operation);
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
mod tests {
    use super::*;
    use crate::retry::Jitter;
    use core::cell::{Cell, RefCell};
    use core::future::{pending, poll_fn};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);
    const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);
    const AT_ONCE: RetryConfig = CONFIG.base_delay(Duration::ZERO);

    /// Fails until call `succeeds_on`.
    fn attempt(calls: &Cell<u32>, succeeds_on: u32) -> Result<u32, String> {
        calls.set(calls.get() + 1);
        if calls.get() == succeeds_on {
            Ok(calls.get())
        } else {
            Err(format!("failure {}", calls.get()))
        }
    }

    #[test]
    fn run_returns_the_first_success() {
        for succeeds_on in 1..=4 {
            let calls = Cell::new(0);
            let outcome = AT_ONCE.run(|| attempt(&calls, succeeds_on));
            assert_eq!((outcome, calls.get()), (Ok(succeeds_on), succeeds_on));
        }
    }

    #[test]
    fn run_returns_the_last_error_as_it_was() {
        let calls = Cell::new(0);
        let outcome = AT_ONCE.run(|| attempt(&calls, 5));
        assert_eq!((outcome, calls.get()), (Err("failure 4".to_owned()), 4));
    }

    #[test]
    fn run_sleeps_between_attempts() {
        let start = std::time::Instant::now();
        let calls = Cell::new(0);
        let config = CONFIG.base_delay(Duration::from_millis(2));
        assert_eq!(config.run(|| attempt(&calls, 2)), Ok(2));
        assert!(start.elapsed() >= Duration::from_millis(2));
    }

    #[test]
    fn a_panic_passes_through_run() {
        let panic = catch_unwind(|| AT_ONCE.run(|| -> Result<(), ()> { panic!("on purpose") }));
        assert_eq!(
            panic.unwrap_err().downcast_ref::<&str>(),
            Some(&"on purpose")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn run_async_waits_between_attempts_and_not_after_the_last() {
        let start = Instant::now();
        let calls = Cell::new(0);
        let outcome = CONFIG
            .run_async(|| async {
                tokio::time::sleep(10 * SECOND).await;
                attempt(&calls, 5)
            })
            .await;
        assert_eq!(outcome, Err("failure 4".to_owned()));
        assert_eq!(start.elapsed(), (4 * 10 + 1 + 2 + 4) * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn time_counts_from_the_first_poll() {
        let calls = Cell::new(0);
        let config = CONFIG.max_elapsed(2 * SECOND);
        let retrying = config.run_async(|| async { attempt(&calls, 2) });
        tokio::time::advance(60 * SECOND).await;
        assert_eq!(calls.get(), 0);
        assert_eq!(retrying.await, Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn max_elapsed_includes_the_attempts() {
        let start = Instant::now();
        let calls = Cell::new(0);
        let outcome = CONFIG
            .max_elapsed(8 * SECOND)
            .run_async(|| async {
                tokio::time::sleep(3 * SECOND).await;
                attempt(&calls, 4)
            })
            .await;
        // 3 + 1 + 3 = 7, and the next delay would reach 9.
        assert_eq!(outcome, Err("failure 2".to_owned()));
        assert_eq!(start.elapsed(), 7 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempts_future_is_dropped_before_the_wait() {
        struct LogsDrop<'a>(&'a RefCell<Vec<Instant>>);
        impl Drop for LogsDrop<'_> {
            fn drop(&mut self) {
                self.0.borrow_mut().push(Instant::now());
            }
        }
        let start = Instant::now();
        let drops = RefCell::new(Vec::new());
        let outcome: Result<(), ()> = CONFIG
            .max_retries(1)
            .run_async(|| {
                let guard = LogsDrop(&drops);
                // Held by the future itself, not by a body that ends: dropped with the future only.
                poll_fn(move |_| {
                    let _held = &guard;
                    Poll::Ready(Err(()))
                })
            })
            .await;
        assert_eq!(outcome, Err(()));
        assert_eq!(*drops.borrow(), [start, start + SECOND]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_future_runs_nothing_more() {
        let calls = Cell::new(0);
        let retrying = CONFIG.run_async(|| async { attempt(&calls, 4) });
        assert!(tokio::time::timeout(2 * SECOND, retrying).await.is_err());
        tokio::time::advance(60 * SECOND).await;
        assert_eq!(calls.get(), 2);
    }

    #[test]
    fn zero_delays_need_no_runtime() {
        let calls = Cell::new(0);
        let mut retrying = core::pin::pin!(AT_ONCE.run_async(|| async { attempt(&calls, 3) }));
        let mut cx = Context::from_waker(core::task::Waker::noop());
        assert_eq!(retrying.as_mut().poll(&mut cx), Poll::Ready(Ok(3)));
        let again = catch_unwind(AssertUnwindSafe(|| retrying.as_mut().poll(&mut cx)));
        assert!(again.is_err(), "polled after completion");
        assert_eq!(calls.get(), 3);
    }

    #[test]
    fn the_future_is_send_if_the_attempts_are() {
        fn is_send(_: &impl Send) -> bool {
            true
        }
        let text = String::from("borrowed");
        assert!(is_send(&CONFIG.run_async(|| async {
            tokio::task::yield_now().await;
            Err::<(), _>(text.len())
        })));
    }

    #[test]
    fn the_future_is_as_large_as_its_larger_phase() {
        let large = CONFIG.run_async(|| async {
            let held = [0_u8; 1000];
            pending::<()>().await;
            if held[0] == 0 { Ok(()) } else { Err(()) }
        });
        // The attempt, its configuration and progress: no second copy, and no room for a wait beside it.
        assert!(size_of_val(&large) <= 1000 + 192, "{}", size_of_val(&large));
        let small = CONFIG.run_async(|| async { Err::<(), _>(()) });
        let wait = size_of::<Backoff>();
        assert!(size_of_val(&small) <= wait + 192, "{}", size_of_val(&small));
    }

    #[test]
    fn the_future_can_be_printed() {
        let retrying = CONFIG.run_async(|| async { Err::<(), _>(()) });
        assert!(format!("{retrying:?}").starts_with("RetryFuture { config: RetryConfig {"));
        let prepared = CONFIG.prepare(|| Err::<(), _>(())).operation("fetch");
        assert!(format!("{prepared:?}").ends_with("operation: \"fetch\", .. }"));
    }

    #[test]
    fn every_hook_is_asked_in_a_sync_run() {
        let (calls, mut told) = (Cell::new(0), Vec::new());
        let outcome = AT_ONCE
            .max_retries(9)
            .prepare(|| attempt(&calls, 4))
            .operation("fetch")
            .retry_if(|error| error.starts_with("failure"))
            .abort_if(|error| error == "failure 9")
            .retry_if_ok(|value| *value == 4)
            .delay_hint(|_| None)
            .on_retry(|event| {
                told.push((
                    event.operation.to_owned(),
                    event.attempt,
                    event.outcome.is_ok(),
                ));
            })
            .run();
        assert_eq!((outcome, calls.get()), (Err("failure 9".to_owned()), 9));
        let told: Vec<_> = told
            .iter()
            .map(|(name, attempt, is_ok)| (name.as_str(), *attempt, *is_ok))
            .collect();
        assert_eq!(
            told,
            [1, 2, 3, 4, 5, 6, 7, 8].map(|attempt| ("fetch", attempt, attempt == 4))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn every_hook_is_asked_in_an_async_run() {
        let (start, calls, told) = (Instant::now(), Cell::new(0), RefCell::new(Vec::new()));
        let outcome = CONFIG
            .run_async(|| async { attempt(&calls, 2) })
            .operation("fetch")
            .on_retry(|event| {
                told.borrow_mut()
                    .push((event.operation.to_owned(), event.delay, event.elapsed));
            })
            .delay_hint(|error| (error == "failure 1").then_some(7 * SECOND))
            .retry_if_ok(|value| *value == 2)
            .abort_if(|error| error == "failure 3")
            .retry_if(|_| true)
            .await;
        assert_eq!((outcome, calls.get()), (Err("failure 3".to_owned()), 3));
        assert_eq!(start.elapsed(), (7 + 2) * SECOND);
        let fetch = || "fetch".to_owned();
        assert_eq!(
            *told.borrow(),
            [
                (fetch(), 7 * SECOND, Duration::ZERO),
                (fetch(), 2 * SECOND, 7 * SECOND)
            ]
        );
    }

    #[test]
    fn two_filters_must_agree_and_the_first_hint_wins() {
        let calls = Cell::new(0);
        let outcome = AT_ONCE
            .prepare(|| attempt(&calls, 9))
            .retry_if(|error| error != "failure 2")
            .retry_if(|error| error != "failure 1")
            .run();
        assert_eq!(outcome, Err("failure 1".to_owned()));
        let mut delays = Vec::new();
        let outcome = AT_ONCE
            .max_retries(1)
            .prepare(|| attempt(&calls, 9))
            .delay_hint(|_| Some(Duration::from_nanos(1)))
            .delay_hint(|_| unreachable!())
            .on_retry(|event| delays.push(event.delay))
            .run();
        assert_eq!(outcome, Err("failure 3".to_owned()));
        assert_eq!(delays, [Duration::from_nanos(1)]);
    }

    #[test]
    fn nobody_is_asked_after_the_last_attempt() {
        let outcome = AT_ONCE
            .max_retries(0)
            .prepare(|| Err::<(), _>("busy"))
            .retry_if(|_| unreachable!())
            .abort_if(|_| unreachable!())
            .delay_hint(|_| unreachable!())
            .on_retry(|_| unreachable!())
            .run();
        assert_eq!(outcome, Err("busy"));
    }
}
