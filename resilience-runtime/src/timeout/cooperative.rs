//! The timeout of a sync body that runs in place: a late result is refused.

use super::{
    call_limit::CallLimit,
    config::TimeoutConfig,
    error::{Cause, TimedOut},
};
use crate::clock::{self, NEVER};
use crate::deadline::{Entered, Frame};

impl TimeoutConfig {
    /// Runs `body` on the calling thread, and refuses its result if it comes after the limit.
    ///
    /// Nothing interrupts the body: it may ask [`deadline`](crate::deadline) and
    /// [`is_abandoned`](crate::is_abandoned) and return early. A late result is dropped. Unlike a
    /// body on a worker thread, this one may borrow. Inside of another deadline the earlier one
    /// applies; if that has passed already, the body does not run.
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
        if self.is_disabled() {
            return Ok(body());
        }
        let run = Run::begin(self)?;
        let value = body();
        run.end()?;
        Ok(value)
    }
}

/// The part of a call that does not depend on the type of its body, so that it is compiled once.
struct Run {
    config: TimeoutConfig,
    limit: CallLimit,
    deadline: u64,
    entered: Entered,
}

impl Run {
    fn begin(config: TimeoutConfig) -> Result<Self, TimedOut> {
        let (now, frame) = (clock::now(), Frame::current());
        let limit = CallLimit::of(&config, now, frame.deadline());
        if limit.has_passed() {
            return Err(limit.error(&config, Cause::NotBegun));
        }
        let deadline = now.saturating_add(clock::nanos(limit.length(&config)));
        Ok(Self {
            config,
            limit,
            deadline,
            entered: frame.in_place_until(deadline).enter(),
        })
    }

    fn end(self) -> Result<(), TimedOut> {
        // If the deadline has ended a timeout inside of the body, the body is late even if the
        // clock has not moved since.
        let is_late =
            self.entered.leave() || self.deadline != NEVER && clock::now() > self.deadline;
        if is_late {
            Err(self.limit.error(&self.config, Cause::Expired))
        } else {
            Ok(())
        }
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

    use tokio::time::Instant;

    use super::*;
    use crate::{deadline, is_abandoned};

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
    async fn the_inner_of_two_is_late_at_the_earlier_deadline_and_inherits_it() {
        let start = Instant::now();
        let inner = TimeoutConfig::new(LIMIT * 10);
        let outcome = CONFIG.run_cooperative(|| {
            pass(LIMIT / 2);
            let inner = inner.run_cooperative(|| {
                assert_eq!(deadline(), Some(start + LIMIT));
                pass(LIMIT * 2);
            });
            let error = inner.unwrap_err();
            assert!(error.is_inherited() && error.was_started());
            assert_eq!(error.limit(), LIMIT / 2);
        });
        assert_eq!(outcome, Err(CONFIG.timed_out()));
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_deadline_around_it_the_body_does_not_run() {
        let outcome = CONFIG.run_cooperative(|| {
            pass(LIMIT);
            let refused = CONFIG.run_cooperative(|| unreachable!("there is no time left"));
            let error = refused.unwrap_err();
            assert!(error.is_inherited() && !error.was_started());
        });
        // The outer deadline has ended the inner call, so the outer one is late, too.
        assert_eq!(outcome, Err(CONFIG.timed_out()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_of_zero_of_its_own_runs_the_body() {
        let none = TimeoutConfig::at_most(Duration::ZERO);
        assert_eq!(none.run_cooperative(|| 7), Ok(7));
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
