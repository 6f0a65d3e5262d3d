//! A deadline that is set from outside.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::frame::Frame;
use crate::clock;

/// Sets a deadline for `future`, for example the one that came with a request.
///
/// The code inside sees it as [`deadline`](crate::deadline). A `#[timeout]` inside takes the
/// smaller one of its own limit and the time that is left, and a `#[retry]` inside does not begin a
/// wait that would reach the deadline. If the deadline ends a `#[timeout]`, its
/// [`TimedOut`](crate::TimedOut) [is inherited](crate::TimedOut::is_inherited): circuits ignore it
/// and retries do not retry it, because the service did not get its time. If the deadline has
/// passed already, the body of a `#[timeout]` does not run.
///
/// `with_deadline` itself ends nothing. It returns the output of `future`, whenever that comes.
/// Within another deadline the earlier one counts. A deadline that is too far away for the clock
/// (some 400 years) is none.
///
/// ```
/// use std::time::Duration;
/// use resilience::{TimedOut, timeout, with_deadline};
/// use tokio::time::{Instant, sleep};
///
/// #[timeout(5s)]
/// async fn load() -> Result<u32, TimedOut> {
///     sleep(Duration::from_secs(1)).await;
///     Ok(42)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let deadline = Instant::now() + Duration::from_millis(100);
/// let error = with_deadline(deadline, load()).await.unwrap_err();
/// assert!(error.is_inherited());
/// assert_eq!(error.limit(), Duration::from_millis(100));
/// # }
/// ```
pub fn with_deadline<F: Future>(at: Instant, future: F) -> DeadlineFuture<F> {
    DeadlineFuture {
        deadline: clock::moment(at),
        future,
    }
}

pin_project! {
    /// The future that [`with_deadline`] returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct DeadlineFuture<F> {
        deadline: u64,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for DeadlineFuture<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = Frame::current().asked_to_end_at(*this.deadline).enter();
        this.future.poll(cx)
    }
}

// The future inside is left out, because few futures are `Debug`.
impl<F> fmt::Debug for DeadlineFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadlineFuture")
            .field("deadline", &clock::instant(self.deadline))
            .finish_non_exhaustive()
    }
}
