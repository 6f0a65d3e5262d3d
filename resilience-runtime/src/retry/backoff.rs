//! The wait between two attempts.

use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

/// Waits before the next attempt.
///
/// Small, because the user's future has to have room for it, and most calls have nothing to wait for: a timer is boxed when
/// there is one.
#[must_use = "futures do nothing unless polled"]
pub struct Backoff {
    sleep: Option<Sleep>,
}

/// A timer of tokio's, of which a function under retry need not know how it is polled and dropped.
type Sleep = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

impl Backoff {
    /// Waits for `delay`, from now on. None or zero is ready at once and asks for no timer, so it needs no runtime either.
    ///
    /// # Panics
    ///
    /// If `delay` is longer than zero and there is no tokio runtime with its timer enabled.
    #[inline]
    pub(crate) fn new(delay: Option<Duration>) -> Self {
        let sleep = match delay {
            None => None,
            Some(delay) => sleep(delay),
        };
        Self { sleep }
    }
}

#[cold]
fn sleep(delay: Duration) -> Option<Sleep> {
    (!delay.is_zero()).then(|| Box::pin(tokio::time::sleep(delay)) as Sleep)
}

impl Future for Backoff {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.sleep.is_some() {
            ready!(poll_sleep(&mut self.sleep, cx));
            // It is none already. Where that is seen, the box's drop is not compiled into each function behind the wait.
            mem::forget(self.sleep.take());
        }
        Poll::Ready(())
    }
}

/// Drops the timer when it is done.
#[cold]
#[inline(never)]
fn poll_sleep(sleep: &mut Option<Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    if let Some(timer) = sleep {
        ready!(timer.as_mut().poll(cx));
    }
    *sleep = None;
    Poll::Ready(())
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff").finish_non_exhaustive()
    }
}

/// Blocks the thread for `delay`; none or zero does not even yield it.
#[inline]
pub(crate) fn backoff_blocking(delay: Option<Duration>) {
    if let Some(delay) = delay {
        sleep_blocking(delay);
    }
}

#[cold]
fn sleep_blocking(delay: Duration) {
    if !delay.is_zero() {
        std::thread::sleep(delay);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::task::Waker;
    use std::time::Instant as StdInstant;
    use tokio::time::Instant;

    #[test]
    fn zero_is_ready_without_a_runtime() {
        let mut cx = Context::from_waker(Waker::noop());
        let backoff = core::pin::pin!(Backoff::new(Some(Duration::ZERO)));
        assert_eq!(backoff.poll(&mut cx), Poll::Ready(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_follows_virtual_time() {
        let start = Instant::now();
        Backoff::new(Some(Duration::from_secs(3600))).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_delay_is_only_long() {
        let forever = Backoff::new(Some(Duration::MAX));
        let year = Duration::from_secs(365 * 24 * 3600);
        assert!(tokio::time::timeout(year, forever).await.is_err());
    }

    #[test]
    fn blocking_sleeps_at_least_the_delay() {
        let start = StdInstant::now();
        backoff_blocking(Some(Duration::ZERO));
        backoff_blocking(Some(Duration::from_millis(2)));
        assert!(start.elapsed() >= Duration::from_millis(2));
    }
}
