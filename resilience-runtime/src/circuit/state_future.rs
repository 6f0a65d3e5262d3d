//! The futures that wait for a circuit's state.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{breaker::CircuitBreaker, journal::Waited, shared::Shared, transition::CircuitState};
use crate::{clock::create_timer, sync::Arc};

/// The future that [`CircuitBreaker::changed`] and [`CircuitBreaker::wait_for`] return.
///
/// It keeps the circuit alive. It may be dropped at any time.
#[must_use = "futures do nothing unless polled"]
pub struct CircuitStateFuture {
    shared: Arc<Shared>,
    waiter: u64,
    wanted: Option<CircuitState>,
    /// It is in a box, because only a future that waits for what time brings needs it.
    timer: Option<Pin<Box<Sleep>>>,
}

impl CircuitBreaker {
    /// Waits for the next transition of the circuit from now on, and returns the state that it led
    /// to.
    ///
    /// A transition after this call completes the future, even one before the future is polled.
    /// An open circuit that reads half-open because its open time is over has made no transition
    /// yet: the next call makes it. [`wait_for`](Self::wait_for) waits for that, too.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
    /// let changed = breaker.changed();
    /// breaker.trip();
    /// breaker.reset();
    /// assert_eq!(changed.await, CircuitState::Open);
    /// # }
    /// ```
    pub fn changed(&self) -> CircuitStateFuture {
        CircuitStateFuture::new(self.shared(), None)
    }

    /// Waits until the circuit reads `state`, and returns it. If it reads so now, the future is
    /// ready at once.
    ///
    /// A circuit that comes to the state after this call completes the future, even if it has left
    /// the state again when the future is polled.
    ///
    /// # Panics
    ///
    /// When polled, if the circuit will read `state` at a known time by itself (half-open after its
    /// open time, or another state after a command that ends), and there is no tokio runtime with
    /// its timer enabled. The text names the circuit.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
    /// breaker.trip();
    /// breaker.wait_for(CircuitState::HalfOpen).await;
    /// breaker.acquire().expect("the recovery timeout is over").success();
    /// # }
    /// ```
    pub fn wait_for(&self, state: CircuitState) -> CircuitStateFuture {
        CircuitStateFuture::new(self.shared(), Some(state))
    }
}

impl CircuitStateFuture {
    fn new(shared: &Arc<Shared>, wanted: Option<CircuitState>) -> Self {
        Self {
            shared: Arc::clone(shared),
            waiter: shared.add_waiter(wanted),
            wanted,
            timer: None,
        }
    }

    /// Waits for the time. It is counted anew with each poll, because a command may have moved the
    /// moment.
    fn poll_timer(&mut self, time: Duration, cx: &mut Context<'_>) -> Poll<()> {
        // A moment that no instant can express never comes.
        let Some(at) = Instant::now().checked_add(time) else {
            return Poll::Pending;
        };
        let timer = match &mut self.timer {
            Some(timer) => {
                timer.as_mut().reset(at);
                timer
            }
            None => {
                let timer = create_timer(Some(&self.shared.name), || sleep_until(at));
                self.timer.insert(Box::pin(timer))
            }
        };
        timer.as_mut().poll(cx)
    }
}

impl Future for CircuitStateFuture {
    type Output = CircuitState;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CircuitState> {
        loop {
            match self
                .shared
                .poll_waiter(self.waiter, self.wanted, cx.waker())
            {
                Waited::Arrived(state) => return Poll::Ready(state),
                Waited::Waiting { reads_in: None } => return Poll::Pending,
                Waited::Waiting {
                    reads_in: Some(time),
                } => ready!(self.poll_timer(time, cx)),
            }
        }
    }
}

impl Drop for CircuitStateFuture {
    fn drop(&mut self) {
        self.shared.remove_waiter(self.waiter);
    }
}

impl fmt::Debug for CircuitStateFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitStateFuture")
            .field("circuit", &self.shared.name)
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::{
        pin::pin,
        sync::atomic::{AtomicUsize, Ordering},
        task::{Wake, Waker},
    };

    use tokio::time::{advance, timeout};

    use super::*;
    use crate::CircuitBreakerConfig;

    const OPEN_TIME: Duration = Duration::from_secs(30);
    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new().recovery_timeout(OPEN_TIME);

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new("awaited", CONFIG)
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Wakes {
        fn take(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    fn poll(future: &mut CircuitStateFuture, wakes: &std::sync::Arc<Wakes>) -> Poll<CircuitState> {
        let task = Waker::from(std::sync::Arc::clone(wakes));
        Pin::new(future).poll(&mut Context::from_waker(&task))
    }

    #[test]
    fn a_change_before_the_first_poll_counts_and_one_before_the_call_does_not() {
        let breaker = breaker();
        let wakes = std::sync::Arc::default();
        breaker.trip();
        let mut changed = breaker.changed();
        assert_eq!(poll(&mut changed, &wakes), Poll::Pending);
        let mut next = breaker.changed();
        breaker.reset();
        breaker.trip();
        assert_eq!(wakes.take(), 1);
        assert_eq!(
            poll(&mut changed, &wakes),
            Poll::Ready(CircuitState::Closed)
        );
        assert_eq!(poll(&mut next, &wakes), Poll::Ready(CircuitState::Closed));
    }

    #[test]
    fn a_state_that_came_and_went_between_two_polls_is_not_missed() {
        let breaker = breaker();
        let wakes = std::sync::Arc::default();
        let mut open = breaker.wait_for(CircuitState::Open);
        assert_eq!(poll(&mut open, &wakes), Poll::Pending);
        breaker.trip();
        breaker.reset();
        assert_eq!(wakes.take(), 1);
        assert_eq!(poll(&mut open, &wakes), Poll::Ready(CircuitState::Open));
        let mut closed = breaker.wait_for(CircuitState::Closed);
        assert_eq!(poll(&mut closed, &wakes), Poll::Ready(CircuitState::Closed));
    }

    #[test]
    fn the_task_that_polled_last_is_woken() {
        let breaker = breaker();
        let (first, last) = (std::sync::Arc::default(), std::sync::Arc::default());
        let mut changed = breaker.changed();
        for wakes in [&first, &last] {
            assert_eq!(poll(&mut changed, wakes), Poll::Pending);
        }
        breaker.isolate();
        assert_eq!((first.take(), last.take()), (0, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn half_open_comes_by_time_alone() {
        let breaker = breaker();
        breaker.trip();
        let start = Instant::now();
        assert_eq!(
            breaker.wait_for(CircuitState::HalfOpen).await,
            CircuitState::HalfOpen
        );
        assert_eq!(start.elapsed(), OPEN_TIME);
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        assert_eq!(breaker.stats().half_opened, 0, "no call has come");
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_moves_the_moment_of_half_open() {
        let breaker = breaker();
        breaker.trip();
        let start = Instant::now();
        let half_open = tokio::spawn(breaker.wait_for(CircuitState::HalfOpen));
        advance(Duration::from_secs(20)).await;
        breaker.trip();
        half_open.await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(50), "later");

        breaker.trip();
        let start = Instant::now();
        let half_open = tokio::spawn(breaker.wait_for(CircuitState::HalfOpen));
        tokio::task::yield_now().await;
        breaker.reconfigure(CONFIG.recovery_timeout(Duration::from_secs(1)));
        breaker.trip();
        half_open.await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(1), "earlier");
    }

    #[tokio::test(start_paused = true)]
    async fn a_circuit_that_never_probes_is_waited_for_without_a_timer() {
        let breaker = breaker();
        breaker.isolate();
        let year = Duration::from_secs(365 * 24 * 3600);
        let half_open = timeout(year, breaker.wait_for(CircuitState::HalfOpen));
        assert!(half_open.await.is_err());
        let never = CircuitBreaker::new("never", CONFIG.recovery_timeout(Duration::MAX));
        never.trip();
        let half_open = timeout(year, never.wait_for(CircuitState::HalfOpen));
        assert!(half_open.await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_while_others_wait_for_half_open_completes_them() {
        let breaker = breaker();
        breaker.trip();
        let wakes = std::sync::Arc::default();
        let mut half_open = breaker.wait_for(CircuitState::HalfOpen);
        assert_eq!(poll(&mut half_open, &wakes), Poll::Pending);
        advance(OPEN_TIME).await;
        breaker.acquire().expect("a probe").failure();
        assert_eq!(breaker.state(), CircuitState::Open);
        assert!(wakes.take() >= 1);
        assert_eq!(
            poll(&mut half_open, &wakes),
            Poll::Ready(CircuitState::HalfOpen)
        );
    }

    #[test]
    fn a_future_that_is_dropped_is_forgotten() {
        let breaker = breaker();
        let wakes = std::sync::Arc::default();
        let mut polled = breaker.changed();
        assert_eq!(poll(&mut polled, &wakes), Poll::Pending);
        drop(breaker.wait_for(CircuitState::Open));
        drop(polled);
        breaker.trip();
        assert_eq!((wakes.take(), std::sync::Arc::strong_count(&wakes)), (0, 1));
    }

    #[test]
    fn it_may_go_to_a_task() {
        fn portable<T: Send + Sync + Unpin + 'static>(_: &T) {}
        let changed = breaker().changed();
        portable(&changed);
        assert_eq!(
            format!("{changed:?}"),
            "CircuitStateFuture { circuit: \"awaited\", wanted: None, .. }"
        );
    }

    #[test]
    #[should_panic(expected = "`awaited` needs a tokio runtime with its timer enabled")]
    fn without_a_runtime_the_panic_names_the_circuit() {
        let breaker = breaker();
        breaker.trip();
        let half_open = pin!(breaker.wait_for(CircuitState::HalfOpen));
        let _ = half_open.poll(&mut Context::from_waker(Waker::noop()));
    }
}
