//! The future behind every async timeout: it drops the body at the deadline.

use std::{
    borrow::Borrow,
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{
    at_expiry::{AtExpiry, SeparateError},
    config::TimeoutConfig,
    progress::Progress,
};

pin_project! {
    /// A body with a limit that counts from the first poll.
    ///
    /// The attribute's expansion uses this type directly: it lends the configuration (`C`), so that
    /// the user's future does not carry a copy, and chooses the output at expiry (`E`).
    #[must_use = "futures do nothing unless polled"]
    pub struct Limited<F, C, E = SeparateError> {
        config: C,
        #[pin]
        progress: Progress,
        // It makes the output that takes the place of the body's at the expiry.
        at_expiry: E,
        // `None` after the expiry, because the body is dropped before the error is returned.
        #[pin]
        body: Option<F>,
    }
}

impl<F, C> Limited<F, C> {
    /// The expiry is a [`TimedOut`] beside the body's own output.
    #[inline]
    pub fn new(config: C, body: F) -> Self {
        Self::with_error(config, SeparateError, body)
    }
}

impl<F, C, E> Limited<F, C, E> {
    /// `at_expiry` makes an error of the body's own error type, so that the code that awaits the
    /// future does not have to tell two kinds of error apart.
    #[inline]
    pub fn with_error(config: C, at_expiry: E, body: F) -> Self {
        Self {
            config,
            progress: Progress::unpolled(),
            at_expiry,
            body: Some(body),
        }
    }
}

impl<F: Future, C: Borrow<TimeoutConfig>, E: AtExpiry<F::Output>> Future for Limited<F, C, E> {
    type Output = E::Output;

    // The poll of the body is compiled into each function under a timeout. Behind `dyn` it would be
    // compiled once for each type of output, which takes a quarter from the compile time of a stack
    // and adds a third to the time of its call.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let config = Borrow::borrow(&*this.config);
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            polled_after_expiry()
        };
        if let Some(entered) = this.progress.as_mut().enter(config) {
            // The body is polled before the timer, so that a tie goes to the body.
            let polled = body.poll(cx);
            drop(entered);
            if let Poll::Ready(output) = polled {
                return Poll::Ready(E::in_time(output));
            }
            if !this.progress.as_mut().has_expired(config, cx) {
                return Poll::Pending;
            }
        }
        // The event of the expiry and the user's error come later, because their code may take a
        // lock that the body holds.
        this.body.set(None);
        let error = this.progress.error(config);
        Poll::Ready(this.at_expiry.expired(error))
    }
}

#[cold]
#[track_caller]
fn polled_after_expiry() -> ! {
    panic!("a timeout was polled after it expired")
}

// tokio's timer is not `UnwindSafe`. The whole is, because a panic of the body leaves the timer as
// it was: the timer is not touched while the body runs.
impl<F: UnwindSafe, C: UnwindSafe, E: UnwindSafe> UnwindSafe for Limited<F, C, E> {}
impl<F: RefUnwindSafe, C: RefUnwindSafe, E: RefUnwindSafe> RefUnwindSafe for Limited<F, C, E> {}

// The body is left out, because few futures are `Debug`.
impl<F, C: Borrow<TimeoutConfig>, E> fmt::Debug for Limited<F, C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited")
            .field("config", Borrow::<TimeoutConfig>::borrow(&self.config))
            .field("phase", &self.progress.phase())
            .finish_non_exhaustive()
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

    use tokio::time::{Instant, advance, sleep, timeout};

    use super::{
        super::{error::TimedOut, progress::POLLS_PER_CLOCK_READING},
        *,
    };

    const LIMIT: Duration = Duration::from_secs(5);
    const TICK: Duration = Duration::from_millis(1);

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn limited<F>(limit: Duration, body: F) -> Limited<F, TimeoutConfig> {
        Limited::new(TimeoutConfig::at_most(limit), body)
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
        // The timeout is still alive, but holds the body no more.
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
        // The body of the outer timeout is the inner one, and a tie goes to the body.
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
        // A body that is never timed out would hang the test: on one thread it starves this timer,
        // too.
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
        // Another part of the task spends the budget, so the body and the timer are both pending.
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

    #[test]
    fn a_timeout_adds_little_to_the_future_and_keeps_it_send() {
        fn sendable<T: Send>(value: &T) -> usize {
            size_of_val(value)
        }
        let plain = ready_now([0_u64; 32]);
        let plain_size = sendable(&plain);
        let timed = limited(LIMIT, plain);
        let added = sendable(&timed) - plain_size;
        // A timeout without an attribute has its configuration in itself, and an attribute's
        // borrows it.
        let config = size_of::<TimeoutConfig>() - size_of::<&TimeoutConfig>();
        assert!(added <= 144 + config, "a timeout adds {added} bytes");
    }
}
