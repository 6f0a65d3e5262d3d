//! The wait between two attempts.

use core::fmt;
use core::future::Future;
use core::mem;
use core::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use crate::clock::create_timer;

/// A retry without delay gives way to other tasks before each attempt with a number that is a
/// multiple of this one.
const YIELDS_EVERY: u32 = 32;

/// The future that ends when an attempt is due. It is behind `dyn`, so that its poll and its drop
/// are not compiled into each function under retry. With these auto traits the user's future has
/// the traits that its attempts have.
pub(super) type Wait = Pin<Box<dyn Future<Output = ()> + Send + Sync + UnwindSafe + RefUnwindSafe>>;

/// Waits before the next attempt.
///
/// The timer is in a box, because the user's future has room for the wait although most calls do
/// not wait.
#[must_use = "futures do nothing unless polled"]
pub struct Backoff {
    wait: Option<Wait>,
}

impl Backoff {
    /// No wait. It is ready at once.
    pub(crate) const NONE: Self = Self { wait: None };

    /// Waits for `delay`, from now on.
    ///
    /// # Panics
    ///
    /// If there is no tokio runtime with its timer enabled. The text names the operation.
    #[inline(never)]
    pub(crate) fn new(delay: Duration, operation: &str) -> Self {
        // Nobody polls the wait again after a panic, because the panic drops it together with its
        // future.
        let timer = create_timer(Some(operation), || tokio::time::sleep(delay));
        Self {
            wait: Some(Box::pin(AssertUnwindSafe(timer))),
        }
    }

    /// Returns the wait, unless it is over at once.
    pub(super) fn into_wait(mut self) -> Option<Wait> {
        self.wait.take()
    }

    /// The wait of no length before attempt `attempt`. It is ready at once and needs no runtime.
    ///
    /// Before each 32nd attempt it gives way to other tasks. Without that, attempts that never
    /// await would keep the thread, and a timeout above the retry would never be polled.
    #[inline]
    pub(crate) fn at_once(attempt: u32) -> Self {
        // At its maximum the number of the attempt does not change any more.
        if attempt % YIELDS_EVERY == 0 || attempt == u32::MAX {
            yielding()
        } else {
            Self::NONE
        }
    }
}

#[cold]
fn yielding() -> Backoff {
    Backoff {
        wait: Some(Box::pin(Yield { is_done: false })),
    }
}

/// Gives way to other tasks once. It wakes itself, so that it works in any runtime.
struct Yield {
    is_done: bool,
}

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if mem::replace(&mut self.is_done, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Future for Backoff {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.wait.is_some() {
            ready!(poll_wait(&mut self.wait, cx));
            // The wait is `None` already. The compiler sees that only here, and then it does not
            // compile the drop of the box into each function after the wait.
            mem::forget(self.wait.take());
        }
        Poll::Ready(())
    }
}

/// Drops the timer when it is done.
#[cold]
#[inline(never)]
fn poll_wait(wait: &mut Option<Wait>, cx: &mut Context<'_>) -> Poll<()> {
    if let Some(pending) = wait {
        ready!(pending.as_mut().poll(cx));
    }
    *wait = None;
    Poll::Ready(())
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff").finish_non_exhaustive()
    }
}

/// Blocks the thread for so many nanoseconds. Zero returns at once, without a yield.
// It is out of line, because a call that succeeds at once does not need it. So it takes a number,
// which each function under a sync retry would convert otherwise.
#[cold]
#[inline(never)]
pub(crate) fn sleep_blocking(nanos: u64) {
    #[cfg(feature = "test-util")]
    if crate::scope::has_no_waits() {
        return;
    }
    if nanos > 0 {
        std::thread::sleep(Duration::from_nanos(nanos));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::panic::{RefUnwindSafe, UnwindSafe};
    use core::task::Waker;
    use std::time::Instant as StdInstant;
    use tokio::time::Instant;

    #[test]
    fn zero_is_ready_without_a_runtime() {
        let mut cx = Context::from_waker(Waker::noop());
        let backoff = core::pin::pin!(Backoff::at_once(2));
        assert_eq!(backoff.poll(&mut cx), Poll::Ready(()));
    }

    #[test]
    fn each_32nd_attempt_without_delay_gives_way_once() {
        let mut cx = Context::from_waker(Waker::noop());
        for attempt in (1..=100).chain([u32::MAX]) {
            let mut backoff = core::pin::pin!(Backoff::at_once(attempt));
            let gives_way = backoff.as_mut().poll(&mut cx).is_pending();
            let is_due = attempt % 32 == 0 || attempt == u32::MAX;
            assert_eq!(gives_way, is_due, "before attempt {attempt}");
            if gives_way {
                assert_eq!(backoff.as_mut().poll(&mut cx), Poll::Ready(()));
            }
        }
    }

    #[test]
    fn it_is_as_good_as_the_attempts() {
        fn carried<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
        carried::<Backoff>();
        assert!(size_of::<Backoff>() <= 16);
    }

    #[test]
    #[should_panic(expected = "`load` needs a tokio runtime with its timer enabled")]
    fn without_a_runtime_the_panic_names_the_operation() {
        drop(Backoff::new(Duration::from_secs(1), "load"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_follows_virtual_time() {
        let start = Instant::now();
        Backoff::new(Duration::from_secs(3600), "load").await;
        assert_eq!(start.elapsed(), Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_delay_is_only_long() {
        let forever = Backoff::new(Duration::MAX, "load");
        let year = Duration::from_secs(365 * 24 * 3600);
        assert!(tokio::time::timeout(year, forever).await.is_err());
    }

    #[test]
    fn blocking_sleeps_at_least_the_delay() {
        let start = StdInstant::now();
        sleep_blocking(0);
        sleep_blocking(2_000_000);
        assert!(start.elapsed() >= Duration::from_millis(2));
    }
}
