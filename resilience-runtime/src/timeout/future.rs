//! `TimeoutConfig::run_async` and the future that it returns.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{config::TimeoutConfig, error::TimedOut, limited::Limited};

pin_project! {
    /// The future that [`TimeoutConfig::run_async`] returns. Its limit counts from the first poll.
    #[must_use = "futures do nothing unless polled"]
    pub struct TimeoutFuture<F> {
        #[pin]
        limited: Limited<F, TimeoutConfig>,
    }
}

impl<F: Future> Future for TimeoutFuture<F> {
    type Output = Result<F::Output, TimedOut>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().limited.poll(cx)
    }
}

impl<F> fmt::Debug for TimeoutFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TimeoutFuture").field(&self.limited).finish()
    }
}

impl TimeoutConfig {
    /// Runs `future`, and drops it when it is not done within the limit.
    ///
    /// The limit counts from the first poll. The future is polled before the timer, so a future
    /// that is done exactly at the deadline is in time. At the expiry it is dropped before the
    /// error is returned.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] when the limit is reached.
    ///
    /// # Panics
    ///
    /// When polled, if the future is not done at once, the limit is not
    /// [`Duration::MAX`](core::time::Duration::MAX), and there is no tokio runtime with its timer
    /// enabled. The text names the [`operation`](Self::operation). The future has been polled once
    /// by then, because a future that is done at once needs no timer.
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
        TimeoutFuture {
            limited: Limited::new(self, future),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        pin::pin,
        task::Waker,
        time::Duration,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn the_configs_error_is_returned() {
        let config = TimeoutConfig::new(LIMIT).operation("db_query");
        let outcome = config.run_async(pending::<()>()).await;
        assert_eq!(outcome, Err(config.timed_out()));
        assert_eq!(config.run_async(ready(7)).await, Ok(7));
    }

    #[test]
    #[should_panic(expected = "`load` needs a tokio runtime with its timer enabled")]
    fn without_a_runtime_the_panic_names_the_operation() {
        let config = TimeoutConfig::new(LIMIT).operation("load");
        let mut cx = Context::from_waker(Waker::noop());
        let _ = pin!(config.run_async(pending::<()>())).poll(&mut cx);
    }

    #[test]
    fn it_shows_its_configuration() {
        let config = TimeoutConfig::new(LIMIT).operation("load");
        let shown = format!("{:?}", config.run_async(ready(7)));
        assert!(
            shown.starts_with("TimeoutFuture(") && shown.contains("load"),
            "{shown}"
        );
    }
}
