//! The timeout of a future: expiry drops it.

use std::{
    borrow::Borrow,
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{config::TimeoutConfig, error::TimedOut};
use crate::clock::{Start, create_timer};
use crate::outcome::Fallible;

pin_project! {
    /// A future with a limit that counts from the first poll: what [`TimeoutConfig::run_async`] returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct TimeoutFuture<F, C = TimeoutConfig, X = Apart> {
        config: C,
        phase: Phase,
        expiry: X,
        // `None` once it expired: the future is dropped before the output is out.
        #[pin]
        future: Option<F>,
        // `None` also while running without end.
        #[pin]
        timer: Option<Sleep>,
    }
}

// Without these, tokio's timer would take the traits from the future. A panic of the body leaves the timer as it was:
// the timer is not touched while the body runs.
impl<F: UnwindSafe, C: UnwindSafe, X: UnwindSafe> UnwindSafe for TimeoutFuture<F, C, X> {}
impl<F: RefUnwindSafe, C: RefUnwindSafe, X: RefUnwindSafe> RefUnwindSafe
    for TimeoutFuture<F, C, X>
{
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Unpolled,
    Waiting {
        /// How often the timer was pending since the clock was read.
        polls: u8,
    },
    /// The deadline has passed, and the body gets one more poll.
    Late,
}

/// The clock is read at each poll of this number, because a reading costs as much as the rest of a poll.
const POLLS_PER_CLOCK_READING: u8 = 16;

impl<F, C> TimeoutFuture<F, C> {
    /// The expansion lends its configuration, so that its future has no copy to carry.
    #[doc(hidden)]
    #[inline]
    pub fn new(config: C, future: F) -> Self {
        Self::failing(config, Apart, future)
    }
}

impl<F, C, X> TimeoutFuture<F, C, X> {
    /// One whose expiry is an error of the body's own type: what awaits it has no two kinds of error to tell apart.
    #[doc(hidden)]
    #[inline]
    pub fn failing(config: C, expiry: X, future: F) -> Self {
        Self {
            config,
            phase: Phase::Unpolled,
            expiry,
            future: Some(future),
            timer: None,
        }
    }
}

impl<F: Future, C: Borrow<TimeoutConfig>, X: Expiry<F::Output>> Future for TimeoutFuture<F, C, X> {
    type Output = X::Outcome;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut me = self.project();
        let config: &TimeoutConfig = Borrow::borrow(&*me.config);
        let first_poll = (*me.phase == Phase::Unpolled).then(Start::now);
        let Some(future) = me.future.as_mut().as_pin_mut() else {
            polled_after_expiry()
        };
        // The body before the timer: a tie goes to the body.
        if let Poll::Ready(output) = future.poll(cx) {
            return Poll::Ready(X::in_time(output));
        }
        // After the body: one that is ready at once needs no timer.
        let late = ready!(poll_limit(config, first_poll, me.timer, me.phase, cx));
        me.future.set(None);
        Poll::Ready(me.expiry.expired(late))
    }
}

/// What an expiry makes of the body's output.
pub trait Expiry<T> {
    /// The timeout's output.
    type Outcome;

    /// The body was done in time.
    fn in_time(output: T) -> Self::Outcome;

    /// It was not.
    fn expired(&self, late: TimedOut) -> Self::Outcome;
}

/// An expiry that is told apart from whatever the body returns.
#[derive(Debug)]
pub struct Apart;

impl<T> Expiry<T> for Apart {
    type Outcome = Result<T, TimedOut>;

    #[inline]
    fn in_time(output: T) -> Self::Outcome {
        Ok(output)
    }

    #[inline]
    fn expired(&self, late: TimedOut) -> Self::Outcome {
        Err(late)
    }
}

/// An expiry that fails the body, with an error of the body's own type.
impl<R: Fallible, M: Fn(TimedOut) -> R::Error> Expiry<R> for M {
    type Outcome = R;

    #[inline]
    fn in_time(output: R) -> R {
        output
    }

    #[inline]
    fn expired(&self, late: TimedOut) -> R {
        R::failed(self(late))
    }
}

// Out of line, as it is the same for all futures.
#[inline(never)]
fn poll_limit(
    config: &TimeoutConfig,
    first_poll: Option<Start>,
    mut timer: Pin<&mut Option<Sleep>>,
    phase: &mut Phase,
    cx: &mut Context<'_>,
) -> Poll<TimedOut> {
    if let Some(start) = first_poll {
        let limit = config.get_limit();
        if limit.is_zero() {
            return Poll::Ready(config.timed_out());
        }
        arm(timer.as_mut(), start.instant(), config);
    }
    ready!(poll_timer(timer, phase, cx));
    Poll::Ready(config.timed_out())
}

// A deadline that no instant can express is never reached, so it gets no timer.
fn arm(mut timer: Pin<&mut Option<Sleep>>, start: Instant, config: &TimeoutConfig) {
    let deadline = start.checked_add(config.get_limit());
    timer.set(deadline.map(|at| create_timer(config.get_operation(), || sleep_until(at))));
}

fn poll_timer(timer: Pin<&mut Option<Sleep>>, phase: &mut Phase, cx: &mut Context<'_>) -> Poll<()> {
    let Some(mut timer) = timer.as_pin_mut() else {
        *phase = Phase::Waiting { polls: 0 };
        return Poll::Pending;
    };
    if timer.as_mut().poll(cx).is_ready() {
        return Poll::Ready(());
    }
    // A pending timer may only mean that the task's cooperative budget is spent, and a body that spends it in every
    // poll would never be timed out. `tokio::time::timeout` polls its timer outside of the budget; that is private to
    // tokio's `rt` feature. `is_elapsed` asks for no budget, but knows nothing of a timer that was refused it in every
    // poll and so is not registered. Therefore the clock is read, too, now and then.
    let polls = match *phase {
        Phase::Unpolled => 0,
        Phase::Waiting { polls } => polls + 1,
        Phase::Late => return Poll::Ready(()),
    };
    let read_clock = polls == POLLS_PER_CLOCK_READING;
    let is_late = timer.is_elapsed() || read_clock && timer.deadline() <= Instant::now();
    // The body may have been refused the budget as well, with its result at hand, so it gets one more poll. The timer
    // wakes the task for that poll: at once if the budget is spent, else at its next tick.
    *phase = match (is_late, read_clock) {
        (true, _) => Phase::Late,
        (false, true) => Phase::Waiting { polls: 0 },
        (false, false) => Phase::Waiting { polls },
    };
    Poll::Pending
}

#[cold]
#[track_caller]
fn polled_after_expiry() -> ! {
    panic!("a timeout was polled after it expired")
}

// The future need not be `Debug`, and mostly is not.
impl<F, C: Borrow<TimeoutConfig>, X> fmt::Debug for TimeoutFuture<F, C, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutFuture")
            .field("config", Borrow::<TimeoutConfig>::borrow(&self.config))
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl TimeoutConfig {
    /// Runs `future`, and drops it when it is not done within the limit.
    ///
    /// The limit counts from the first poll. The future is polled before the timer, so one that is done exactly at
    /// the deadline is done. It is dropped before the error is returned.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] when the limit is reached.
    ///
    /// # Panics
    ///
    /// When polled, if the future is not done at once, the limit is not [`Duration::MAX`](core::time::Duration::MAX),
    /// and there is no tokio runtime with its timer enabled. The text names the [`operation`](Self::operation). The future has been polled once
    /// by then: one that is done at once needs no timer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::TimeoutConfig;
    ///
    /// const LIMIT: TimeoutConfig = TimeoutConfig::new(Duration::from_millis(50));
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// assert_eq!(LIMIT.run_async(async { 7 }).await, Ok(7));
    /// assert!(LIMIT.run_async(tokio::time::sleep(Duration::from_secs(1))).await.is_err());
    /// # }
    /// ```
    #[inline]
    pub fn run_async<F: Future>(self, future: F) -> TimeoutFuture<F> {
        TimeoutFuture::new(self, future)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn, ready as ready_now},
        pin::pin,
        sync::mpsc,
        task::Waker,
        time::Duration,
    };

    use tokio::time::{advance, sleep, timeout};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);
    const TICK: Duration = Duration::from_millis(1);

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn limited<F>(limit: Duration, future: F) -> TimeoutFuture<F> {
        TimeoutFuture::new(TimeoutConfig::at_most(limit), future)
    }

    fn expired(limit: Duration) -> TimedOut {
        TimeoutConfig::at_most(limit).timed_out()
    }

    struct SendOnDrop(mpsc::Sender<Instant>);

    impl Drop for SendOnDrop {
        fn drop(&mut self) {
            self.0.send(Instant::now()).unwrap();
        }
    }

    #[test]
    fn a_future_that_is_ready_at_once_needs_no_runtime() {
        let mut done = pin!(limited(LIMIT, ready_now(7)));
        assert_eq!(poll_once(done.as_mut()), Poll::Ready(Ok(7)));
    }

    #[test]
    fn a_limit_without_end_needs_no_runtime() {
        let mut endless = pin!(limited(Duration::MAX, pending::<()>()));
        assert!(poll_once(endless.as_mut()).is_pending());
        assert!(poll_once(endless.as_mut()).is_pending());
    }

    #[tokio::test(start_paused = true)]
    async fn expiry_comes_at_the_limit() {
        let start = Instant::now();
        assert_eq!(limited(LIMIT, pending::<()>()).await, Err(expired(LIMIT)));
        assert_eq!(start.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_tie_goes_to_the_body() {
        assert_eq!(limited(LIMIT, sleep(LIMIT)).await, Ok(()));
        assert_eq!(
            limited(LIMIT, sleep(LIMIT + TICK)).await,
            Err(expired(LIMIT))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_ready_when_polled_late_wins() {
        let mut late = pin!(limited(LIMIT, sleep(LIMIT)));
        assert!(poll_once(late.as_mut()).is_pending());
        advance(LIMIT * 10).await;
        assert_eq!(poll_once(late.as_mut()), Poll::Ready(Ok(())));
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_counts_from_the_first_poll() {
        let unpolled = limited(LIMIT, sleep(LIMIT + TICK));
        advance(LIMIT).await;
        // The body's own timer was set when it was built, the limit begins only now.
        assert_eq!(unpolled.await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_blocks_in_its_first_poll_uses_up_its_limit() {
        let start = Instant::now();
        let mut blocked = false;
        let body = poll_fn(|_| {
            if !blocked {
                blocked = true;
                let _ = poll_once(pin!(advance(LIMIT / 2)));
            }
            Poll::<()>::Pending
        });
        assert_eq!(limited(LIMIT, body).await, Err(expired(LIMIT)));
        assert_eq!(start.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_zero_limit_is_one_poll_and_no_more() {
        let mut polls = 0;
        let body = poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        assert_eq!(
            limited(Duration::ZERO, body).await,
            Err(expired(Duration::ZERO))
        );
        assert_eq!(polls, 1);
        assert_eq!(limited(Duration::ZERO, ready_now(7)).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_without_end_never_expires() {
        let century = Duration::from_secs(100 * 365 * 24 * 3600);
        let mut endless = pin!(limited(Duration::MAX, pending::<()>()));
        assert!(poll_once(endless.as_mut()).is_pending());
        advance(century).await;
        assert!(poll_once(endless.as_mut()).is_pending());
    }

    #[tokio::test(start_paused = true)]
    async fn the_body_is_dropped_before_the_error_is_out() {
        let (dropped, drops) = mpsc::channel();
        let guard = SendOnDrop(dropped);
        let mut expiring = pin!(limited(LIMIT, async move {
            let _guard = guard;
            pending::<()>().await;
        }));
        let start = Instant::now();
        assert_eq!(expiring.as_mut().await, Err(expired(LIMIT)));
        // Still alive itself, it holds the body no more.
        assert_eq!(drops.try_recv(), Ok(start + LIMIT));
    }

    #[tokio::test(start_paused = true)]
    async fn cancellation_drops_the_body_and_is_no_timeout() {
        let (dropped, drops) = mpsc::channel();
        let guard = SendOnDrop(dropped);
        {
            let mut cancelled = pin!(limited(LIMIT, async move {
                let _guard = guard;
                pending::<()>().await;
            }));
            assert!(poll_once(cancelled.as_mut()).is_pending());
            assert!(drops.try_recv().is_err());
        }
        assert_eq!(drops.try_recv(), Ok(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_inner_of_two_expires_first_and_the_outer_bounds_both() {
        let inner = limited(LIMIT, pending::<()>());
        assert_eq!(limited(LIMIT * 2, inner).await, Ok(Err(expired(LIMIT))));
        let inner = limited(LIMIT * 2, pending::<()>());
        assert_eq!(limited(LIMIT, inner).await, Err(expired(LIMIT)));
        // The outer's body is the inner timeout, and a tie goes to the body.
        let inner = limited(LIMIT, pending::<()>());
        assert_eq!(limited(LIMIT, inner).await, Ok(Err(expired(LIMIT))));
    }

    #[tokio::test]
    async fn a_body_that_spends_the_budget_in_every_poll_is_timed_out() {
        let hog = async {
            loop {
                tokio::task::consume_budget().await;
            }
        };
        let outcome = limited(Duration::from_millis(5), hog);
        // The guard is outside the task: on one thread a hog that is never timed out starves any timer beside it.
        assert_eq!(
            timeout(Duration::from_secs(60), outcome).await,
            Ok(Err::<(), _>(expired(Duration::from_millis(5))))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_without_budget_gets_one_more_poll_after_the_deadline() {
        let mut body_polls = 0;
        let mut late = pin!(limited(
            LIMIT,
            poll_fn(|_| {
                body_polls += 1;
                Poll::<()>::Pending
            })
        ));
        assert!(poll_once(late.as_mut()).is_pending());
        advance(LIMIT).await;
        // Someone else in the task spends the budget, so neither the body nor the timer can say more than "not now".
        let spend_then_poll = poll_fn(|cx| {
            while pin!(tokio::task::consume_budget()).poll(cx).is_ready() {}
            Poll::Ready(late.as_mut().poll(cx))
        });
        assert!(spend_then_poll.await.is_pending());
        assert_eq!(late.await, Err(expired(LIMIT)));
        assert_eq!(body_polls, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_never_gets_budget_is_seen_to_by_the_clock() {
        let mut late = pin!(limited(LIMIT, pending::<()>()));
        let polls_until_expiry = poll_fn(|cx| {
            while pin!(tokio::task::consume_budget()).poll(cx).is_ready() {}
            assert!(late.as_mut().poll(cx).is_pending());
            let _ = poll_once(pin!(advance(LIMIT)));
            let mut polls = 1;
            while late.as_mut().poll(cx).is_pending() {
                polls += 1;
            }
            Poll::Ready(polls)
        });
        // The sixteenth poll after the first one reads the clock, and the body gets one more.
        assert_eq!(
            polls_until_expiry.await,
            u32::from(POLLS_PER_CLOCK_READING) + 1
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_polled_often_expires_at_the_limit() {
        let start = Instant::now();
        let busy = async {
            loop {
                sleep(TICK).await;
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
            }
        };
        assert_eq!(limited(LIMIT, busy).await, Err::<(), _>(expired(LIMIT)));
        assert_eq!(start.elapsed(), LIMIT);
    }

    #[test]
    #[should_panic(expected = "`load` needs a tokio runtime with its timer enabled")]
    fn without_a_runtime_the_panic_names_the_operation() {
        let config = TimeoutConfig::new(LIMIT).operation("load");
        let _ = poll_once(pin!(config.run_async(pending::<()>())));
    }

    #[test]
    fn a_timeout_leaves_a_future_unwind_safe() {
        fn unwind_safe<T: UnwindSafe + RefUnwindSafe>(_: &T) {}
        unwind_safe(&limited(LIMIT, ready_now(7)));
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "polled after it expired")]
    async fn a_poll_after_expiry_panics() {
        let mut polled_out = pin!(limited(Duration::ZERO, pending::<()>()));
        assert!(poll_once(polled_out.as_mut()).is_ready());
        let _ = poll_once(polled_out.as_mut());
    }

    #[tokio::test(start_paused = true)]
    async fn the_configs_error_is_returned() {
        let config = TimeoutConfig::new(LIMIT).operation("db_query");
        let outcome = config.run_async(pending::<()>()).await;
        assert_eq!(outcome, Err(config.timed_out()));
        assert_eq!(config.run_async(ready_now(7)).await, Ok(7));
    }

    #[test]
    fn a_timeout_adds_little_to_the_future_and_keeps_it_send() {
        fn sendable<T: Send>(value: &T) -> usize {
            size_of_val(value)
        }
        let plain = ready_now([0_u64; 32]);
        let plain_size = sendable(&plain);
        let timed = limited(LIMIT, plain);
        let added = sendable(&timed) - plain_size;
        assert!(added <= 176, "a timeout adds {added} bytes");
    }
}
