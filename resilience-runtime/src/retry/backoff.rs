//! The wait between two attempts.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;

pin_project! {
    /// Waits before the next attempt.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Backoff {
        #[pin]
        sleep: Option<tokio::time::Sleep>,
    }
}

/// Waits for `delay`, from now on. Zero is ready at once and asks for no timer, so it needs no runtime either.
///
/// # Panics
///
/// If `delay` is not zero and there is no tokio runtime with its timer enabled.
#[inline]
pub(crate) fn backoff(delay: Duration) -> Backoff {
    Backoff { sleep: (!delay.is_zero()).then(|| tokio::time::sleep(delay)) }
}

impl Future for Backoff {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project().sleep.as_pin_mut() {
            Some(sleep) => sleep.poll(cx),
            None => Poll::Ready(()),
        }
    }
}

/// Blocks the thread for `delay`; zero does not even yield it.
#[inline]
pub(crate) fn backoff_blocking(delay: Duration) {
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
        let backoff = core::pin::pin!(backoff(Duration::ZERO));
        assert_eq!(backoff.poll(&mut cx), Poll::Ready(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_follows_virtual_time() {
        let start = Instant::now();
        backoff(Duration::from_secs(3600)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_delay_is_only_long() {
        let forever = backoff(Duration::MAX);
        let year = Duration::from_secs(365 * 24 * 3600);
        assert!(tokio::time::timeout(year, forever).await.is_err());
    }

    #[test]
    fn blocking_sleeps_at_least_the_delay() {
        let start = StdInstant::now();
        backoff_blocking(Duration::ZERO);
        backoff_blocking(Duration::from_millis(2));
        assert!(start.elapsed() >= Duration::from_millis(2));
    }
}
