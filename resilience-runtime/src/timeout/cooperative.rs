//! The timeout of a sync body that runs in place: a late result is refused.

use tokio::time::Instant;

use super::{config::TimeoutConfig, deadline::Scope, error::TimedOut};

impl TimeoutConfig {
    /// Runs `body` on the calling thread, and refuses its result if it comes after the limit.
    ///
    /// Nothing interrupts the body: it may ask [`deadline`](crate::deadline) and
    /// [`is_abandoned`](crate::is_abandoned) and return early. A late result is dropped. Unlike a
    /// body on a worker thread, this one may borrow.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] when the body took longer than the limit. A body that took exactly as long is
    /// in time.
    ///
    /// # Panics
    ///
    /// With the body's own panic.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::TimeoutConfig;
    ///
    /// let rows = vec![1, 2, 3];
    /// let sum = TimeoutConfig::new(Duration::from_secs(60)).run_cooperative(|| rows.iter().sum::<i32>());
    ///
    /// assert_eq!(sum, Ok(6));
    /// ```
    #[inline]
    pub fn run_cooperative<T>(self, body: impl FnOnce() -> T) -> Result<T, TimedOut> {
        let run = Run::begin(self);
        let value = body();
        if run.end_in_time() {
            Ok(value)
        } else {
            Err(self.timed_out())
        }
    }
}

struct Run {
    deadline: Option<Instant>,
    _scope: Scope,
}

impl Run {
    fn begin(config: TimeoutConfig) -> Self {
        let deadline = Instant::now().checked_add(config.get_limit());
        Self {
            deadline,
            _scope: Scope::cooperative(deadline),
        }
    }

    fn end_in_time(self) -> bool {
        self.deadline.is_none_or(|at| Instant::now() <= at)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        rc::Rc,
        task::{Context, Waker},
        time::Duration,
    };

    use super::*;
    use crate::timeout::{deadline, is_abandoned};

    const LIMIT: Duration = Duration::from_secs(5);
    const CONFIG: TimeoutConfig = TimeoutConfig::new(LIMIT).operation("parse");

    // Advances the paused clock within a sync body. `advance` moves the clock in its first poll.
    fn pass(time: Duration) {
        let advance = pin!(tokio::time::advance(time));
        let _ = advance.poll(&mut Context::from_waker(Waker::noop()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_exactly_at_the_limit_is_in_time() {
        let outcome = CONFIG.run_cooperative(|| {
            pass(LIMIT);
            assert!(!is_abandoned());
            7
        });
        assert_eq!(outcome, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_result_is_dropped_and_becomes_the_error() {
        let result = Rc::new(());
        let outcome = CONFIG.run_cooperative(|| {
            pass(LIMIT + Duration::from_nanos(1));
            assert!(is_abandoned());
            Rc::clone(&result)
        });
        assert_eq!(outcome, Err(CONFIG.timed_out()));
        assert_eq!(Rc::strong_count(&result), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_body_sees_its_deadline_and_the_caller_none() {
        let start = Instant::now();
        assert_eq!(CONFIG.run_cooperative(deadline), Ok(Some(start + LIMIT)));
        assert_eq!(deadline(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_without_end_has_no_deadline() {
        let endless = TimeoutConfig::new(Duration::MAX);
        let outcome = endless.run_cooperative(|| {
            pass(LIMIT);
            (deadline(), is_abandoned())
        });
        assert_eq!(outcome, Ok((None, false)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_inner_of_two_is_judged_by_its_own_limit() {
        let start = Instant::now();
        let inner = TimeoutConfig::new(LIMIT * 10);
        let outcome = CONFIG.run_cooperative(|| {
            let inner = inner.run_cooperative(|| {
                assert_eq!(deadline(), Some(start + LIMIT));
                pass(LIMIT * 2);
                7
            });
            assert_eq!(inner, Ok(7));
        });
        assert_eq!(outcome, Err(CONFIG.timed_out()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_passes_through_and_leaves_no_deadline_behind() {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            CONFIG.run_cooperative(|| panic!("broken"))
        }));
        let payload = unwound.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"broken"));
        assert_eq!(deadline(), None);
    }
}
