//! Retry without an attribute: the loop around a closure, sync and async.

use super::attempt::Attempt;
use super::backoff::Backoff;
use super::config::RetryConfig;
use super::progress::{Progress, Retry};
use crate::show::Shown;
use core::any::type_name;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

impl RetryConfig {
    /// Calls `operation` until it succeeds or this configuration gives up, and blocks the thread in between. Every error
    /// is retried. In the log the operation is named by the closure's type and the error by its own: nothing is
    /// demanded of it. Inside a sync `#[timeout]` a wait that would outlast the deadline is not begun.
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
    /// The last error of `operation`, as it was.
    pub fn run<T, E, F>(&self, mut operation: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>,
    {
        let mut retry = Retry::new(self);
        loop {
            retry.wait_blocking();
            let last = retry
                .after_blocking(operation())
                .next(type_name::<F>(), Shown::type_name);
            if let Some(outcome) = last {
                return outcome;
            }
        }
    }

    /// Calls `operation` and awaits its future until that succeeds or this configuration gives up. Every error is
    /// retried. A failed attempt's future is dropped before the wait begins. In the log the operation is named by the
    /// closure's type and the error by its own: nothing is demanded of it.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::cell::Cell;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let calls = Cell::new(0);
    /// let answer = RetryConfig::new()
    ///     .max_elapsed(Duration::from_secs(30))
    ///     .run_async(|| async {
    ///         calls.set(calls.get() + 1);
    ///         if calls.get() < 3 { Err("busy") } else { Ok(42) }
    ///     })
    ///     .await;
    /// assert_eq!((answer, calls.get()), (Ok(42), 3));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The future resolves to the last error of `operation`, as it was.
    ///
    /// # Panics
    ///
    /// The future panics if it has to wait outside a tokio runtime with its timer enabled.
    pub fn run_async<T, E, F, Fut>(self, operation: F) -> Retrying<F, Fut>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Retrying {
            config: self,
            operation,
            progress: None,
            phase: Phase::Idle,
        }
    }
}

pin_project! {
    /// The future of [`RetryConfig::run_async`]. Nothing runs, and no time counts, before it is polled.
    #[must_use = "futures do nothing unless polled"]
    pub struct Retrying<F, Fut> {
        config: RetryConfig,
        operation: F,
        // None before the first poll.
        progress: Option<Progress>,
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

impl<T, E, F, Fut> Future for Retrying<F, Fut>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let progress = this
            .progress
            .get_or_insert_with(|| Progress::new(this.config));
        loop {
            match this.phase.as_mut().project() {
                PhaseProjection::Idle => {
                    let attempt = (this.operation)();
                    this.phase.set(Phase::Attempting { attempt });
                }
                PhaseProjection::Attempting { attempt } => {
                    let outcome = ready!(attempt.poll(cx));
                    this.phase.set(Phase::Done);
                    let attempt = Attempt::new(this.config, progress, outcome);
                    if let Some(outcome) = attempt.next(type_name::<F>(), Shown::type_name) {
                        return Poll::Ready(outcome);
                    }
                    this.phase.set(Phase::Waiting {
                        backoff: progress.wait(),
                    });
                }
                PhaseProjection::Waiting { backoff } => {
                    ready!(backoff.poll(cx));
                    this.phase.set(Phase::Idle);
                }
                PhaseProjection::Done => panic!("`Retrying` polled after completion"),
            }
        }
    }
}

impl<F, Fut> fmt::Debug for Retrying<F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::Jitter;
    use core::cell::{Cell, RefCell};
    use core::future::{pending, poll_fn};
    use core::time::Duration;
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
        assert!(size_of_val(&large) <= 1000 + 160, "{}", size_of_val(&large));
        let small = CONFIG.run_async(|| async { Err::<(), _>(()) });
        let wait = size_of::<Backoff>();
        assert!(size_of_val(&small) <= wait + 160, "{}", size_of_val(&small));
    }

    #[test]
    fn the_future_can_be_printed() {
        let retrying = CONFIG.run_async(|| async { Err::<(), _>(()) });
        assert!(format!("{retrying:?}").starts_with("Retrying { config: RetryConfig {"));
    }
}
