//! Permits, each the right to one call.

use std::{fmt, mem, time::Duration};

use super::{
    admission::{Admission, Cause, Outcome},
    shared::Shared,
};
use crate::sync::Arc;

/// The right to one call. It records the outcome of the call.
///
/// A permit that is dropped without an outcome gives its probe slot back and counts as `abandoned`.
/// If it is dropped because its thread unwinds from a panic that began after the admission, it
/// counts as a failure.
///
/// A thread tells that it unwinds, but not from what panic. A permit that a destructor acquires
/// while its thread unwinds already, and drops without an outcome, is therefore always `abandoned`,
/// even if a second panic dropped it. [`CircuitBreaker::call`](crate::CircuitBreaker::call) counts
/// a panic of its body as a failure there, too.
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig};
///
/// let breaker = CircuitBreaker::new("queue", CircuitBreakerConfig::new());
/// let permit = breaker.acquire()?;
/// match "42".parse::<i32>() {
///     Ok(_) => permit.success(),
///     Err(_) => permit.failure(),
/// }
/// assert_eq!(breaker.stats().successes, 1);
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
#[must_use = "a permit that is dropped without an outcome counts as an abandoned call"]
pub struct Permit<'c> {
    shared: &'c Shared,
    admission: Admission,
}

impl<'c> Permit<'c> {
    #[inline]
    pub(super) fn new(shared: &'c Shared, admission: Admission) -> Self {
        let admission = admission.noting_unwinding();
        Self { shared, admission }
    }

    /// Records that the call succeeded.
    ///
    /// A call that took longer than `slow_call` counts as a failure nevertheless, here and with the
    /// other outcomes.
    #[inline]
    pub fn success(self) {
        let (shared, admission) = self.spend();
        shared.succeed(admission);
    }

    /// Records that the call failed. The failure may open the circuit.
    #[inline]
    pub fn failure(self) {
        let (shared, admission) = self.spend();
        shared.record(admission, Outcome::Failure, None);
    }

    /// Records that the call failed with this error, which may open the circuit.
    ///
    /// If it does, [`Transition::last_error`](crate::Transition::last_error) shows the error, and the
    /// circuit is open for as long as `recovery_hint` says, limited to the range from
    /// `recovery_timeout` to `max_recovery_timeout`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let breaker = CircuitBreaker::new("queue", CircuitBreakerConfig::new().failure_threshold(1));
    /// let retry_after = Duration::from_secs(120);
    /// breaker.acquire()?.failure_with(&"429 Too Many Requests", Some(retry_after));
    ///
    /// let stats = breaker.stats();
    /// assert_eq!(stats.last_error.as_deref(), Some("429 Too Many Requests"));
    /// assert!(stats.retry_after > Some(Duration::from_secs(110)));
    /// # Ok::<(), resilience::CircuitOpen>(())
    /// ```
    pub fn failure_with(self, error: &dyn fmt::Display, recovery_hint: Option<Duration>) {
        let (shared, admission) = self.spend();
        let cause = Cause::displayed(error, recovery_hint);
        shared.record(admission, Outcome::Failure, Some(&cause));
    }

    /// Records that the call says nothing about the service. A probe slot is given back.
    #[inline]
    pub fn ignore(self) {
        let (shared, admission) = self.spend();
        shared.record(admission, Outcome::Ignored, None);
    }

    /// Takes the permit apart without its drop, so that a panic while an outcome is recorded cannot
    /// record a second one.
    #[inline]
    fn spend(self) -> (&'c Shared, Admission) {
        let parts = (self.shared, self.admission);
        mem::forget(self);
        parts
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.shared.dropped(self.admission);
    }
}

/// A [`Permit`] that holds the circuit itself, so that it may move into a task or a struct.
///
/// [`CircuitBreaker::acquire_owned`](crate::CircuitBreaker::acquire_owned) hands it out. Dropped
/// without an outcome, it counts as a [`Permit`] does.
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig};
///
/// let breaker = CircuitBreaker::new("queue", CircuitBreakerConfig::new());
/// let permit = breaker.acquire_owned()?;
/// let consumer = std::thread::spawn(move || permit.success());
/// consumer.join().unwrap();
/// assert_eq!(breaker.stats().successes, 1);
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
#[must_use = "a permit that is dropped without an outcome counts as an abandoned call"]
pub struct OwnedPermit {
    /// `None` as soon as an outcome is being recorded, so that a panic there cannot record a second
    /// one.
    shared: Option<Arc<Shared>>,
    admission: Admission,
}

impl OwnedPermit {
    pub(super) fn new(shared: Arc<Shared>, admission: Admission) -> Self {
        Self {
            shared: Some(shared),
            admission: admission.noting_unwinding(),
        }
    }

    /// Records that the call succeeded. See [`Permit::success`].
    pub fn success(mut self) {
        if let Some(shared) = self.shared.take() {
            shared.succeed(self.admission);
        }
    }

    /// Records that the call failed. See [`Permit::failure`].
    pub fn failure(self) {
        self.record(Outcome::Failure, None);
    }

    /// Records that the call failed with this error. See [`Permit::failure_with`].
    pub fn failure_with(self, error: &dyn fmt::Display, recovery_hint: Option<Duration>) {
        let cause = Cause::displayed(error, recovery_hint);
        self.record(Outcome::Failure, Some(&cause));
    }

    /// Records that the call says nothing about the service. See [`Permit::ignore`].
    pub fn ignore(self) {
        self.record(Outcome::Ignored, None);
    }

    fn record(mut self, outcome: Outcome, cause: Option<&Cause<'_>>) {
        if let Some(shared) = self.shared.take() {
            shared.record(self.admission, outcome, cause);
        }
    }
}

impl Drop for OwnedPermit {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.dropped(self.admission);
        }
    }
}

impl fmt::Debug for OwnedPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit")
            // Only a spent permit holds no circuit, and nobody sees a spent permit.
            .field(
                "circuit",
                &self.shared.as_ref().map_or("", |shared| &*shared.name),
            )
            .finish_non_exhaustive()
    }
}

/// The permit of a call that runs under it, in place or as a future that is polled under it.
///
/// Every way out of such a call records an outcome or abandons the permit, so only a panic of the
/// call drops it. That is a failure. The thread is not asked if it unwinds, because its answer is
/// the same for a panic that was under way before the call began.
#[doc(hidden)]
#[must_use = "a permit that is dropped counts as a call that panicked"]
pub struct CallPermit<'c> {
    shared: &'c Shared,
    admission: Admission,
}

impl<'c> CallPermit<'c> {
    #[inline]
    pub(super) fn new(shared: &'c Shared, admission: Admission) -> Self {
        Self { shared, admission }
    }

    #[inline]
    pub fn success(self) {
        let (shared, admission) = self.spend();
        shared.succeed(admission);
    }

    #[inline]
    pub fn failure(self) {
        let (shared, admission) = self.spend();
        shared.record(admission, Outcome::Failure, None);
    }

    #[inline]
    pub(super) fn record(self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.success(),
            Outcome::Failure | Outcome::Ignored => {
                let (shared, admission) = self.spend();
                shared.record(admission, outcome, None);
            }
        }
    }

    /// Records the outcome of a call that returned an error.
    #[inline]
    pub(super) fn record_error(self, outcome: Outcome, cause: Cause<'_>) {
        let (shared, admission) = self.spend();
        match outcome {
            Outcome::Success => shared.succeed(admission),
            Outcome::Failure => shared.record(admission, outcome, Some(&cause)),
            Outcome::Ignored => shared.record(admission, outcome, None),
        }
    }

    /// Records that the call was cancelled, even if the thread unwinds.
    pub(super) fn abandon(self) {
        let (shared, admission) = self.spend();
        shared.abandon(admission);
    }

    /// Takes the permit apart without its drop, so that a panic while an outcome is recorded cannot
    /// record a second one.
    #[inline]
    fn spend(self) -> (&'c Shared, Admission) {
        let parts = (self.shared, self.admission);
        mem::forget(self);
        parts
    }
}

impl Drop for CallPermit<'_> {
    #[cold]
    fn drop(&mut self) {
        self.shared.record(self.admission, Outcome::Failure, None);
    }
}

impl fmt::Debug for CallPermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallPermit")
            .field("circuit", &self.shared.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("circuit", &self.shared.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
        time::Duration,
    };

    use tokio::time::advance;

    use super::*;
    use crate::{CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState};

    fn breaker(config: CircuitBreakerConfig) -> CircuitBreaker {
        CircuitBreaker::new("permit", config)
    }

    fn panic_quietly() {
        resume_unwind(Box::new("expected"));
    }

    #[test]
    fn a_permit_dropped_without_an_outcome_is_abandoned() {
        let breaker = breaker(CircuitBreakerConfig::new());
        drop(breaker.acquire());
        let stats = breaker.stats();
        assert_eq!(
            (stats.abandoned, stats.failures, stats.failure_count),
            (1, 0, 0)
        );
    }

    #[test]
    fn a_panic_after_the_admission_is_a_failure() {
        let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
        let caught = catch_unwind(|| {
            let _permit = breaker.acquire();
            panic_quietly();
        });
        assert!(caught.is_err());
        let stats = breaker.stats();
        assert_eq!((stats.failures, stats.abandoned), (1, 0));
        assert_eq!(stats.state, CircuitState::Open);
    }

    #[test]
    fn a_permit_taken_and_dropped_while_unwinding_is_abandoned() {
        struct OnDrop<'b>(&'b CircuitBreaker);
        impl Drop for OnDrop<'_> {
            fn drop(&mut self) {
                assert!(std::thread::panicking());
                drop(self.0.acquire());
            }
        }
        let breaker = breaker(CircuitBreakerConfig::new());
        let caught = catch_unwind(|| {
            let _clean_up = OnDrop(&breaker);
            panic_quietly();
        });
        assert!(caught.is_err());
        assert_eq!(
            (breaker.stats().abandoned, breaker.stats().failures),
            (1, 0)
        );
    }

    #[test]
    fn a_body_that_panics_while_the_thread_unwinds_already_is_a_failure() {
        struct OnDrop<'b>(&'b CircuitBreaker);
        impl Drop for OnDrop<'_> {
            fn drop(&mut self) {
                let body = || -> Result<(), CircuitOpen> { resume_unwind(Box::new("body")) };
                let caught = catch_unwind(AssertUnwindSafe(|| self.0.call(body)));
                assert!(std::thread::panicking() && caught.is_err());
            }
        }
        let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
        let caught = catch_unwind(|| {
            let _clean_up = OnDrop(&breaker);
            panic_quietly();
        });
        assert!(caught.is_err());
        let stats = breaker.stats();
        assert_eq!((stats.failures, stats.abandoned), (1, 0));
        assert_eq!(stats.state, CircuitState::Open);
    }

    #[test]
    fn a_listener_that_panics_while_the_call_unwinds_breaks_nothing() {
        let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
        breaker.on_transition(|_| panic_quietly());
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _permit = breaker.acquire();
            panic_quietly();
        }));
        assert!(caught.is_err());
        assert_eq!(breaker.state(), CircuitState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn an_abandoned_probe_makes_room_for_the_next() {
        let breaker = breaker(CircuitBreakerConfig::new());
        breaker.trip();
        advance(Duration::from_secs(30)).await;
        let probe = breaker.acquire().expect("a probe");
        assert!(breaker.acquire().is_err());
        drop(probe);
        breaker.acquire().expect("room again").success();
        assert_eq!(breaker.stats().abandoned, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_longer_than_slow_call_fails_whatever_it_returned() {
        let limit = Duration::from_secs(2);
        let breaker = breaker(CircuitBreakerConfig::new().slow_call(limit));
        for outcome in [Permit::success, Permit::ignore, Permit::failure] {
            let permit = breaker.acquire().expect("closed");
            advance(limit + Duration::from_nanos(1)).await;
            outcome(permit);
        }
        assert_eq!(breaker.stats().failures, 3);

        let permit = breaker.acquire().expect("closed");
        advance(limit).await;
        permit.success();
        assert_eq!(breaker.stats().successes, 1, "not longer, only as long");

        let permit = breaker.acquire().expect("closed");
        advance(limit * 2).await;
        drop(permit);
        assert_eq!(breaker.stats().abandoned, 1, "no outcome, slow or not");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_probe_opens_again() {
        let config = CircuitBreakerConfig::new().slow_call(Duration::from_secs(2));
        let breaker = breaker(config);
        breaker.trip();
        advance(Duration::from_secs(30)).await;
        let probe = breaker.acquire().expect("a probe");
        advance(Duration::from_secs(3)).await;
        probe.success();
        assert_eq!(breaker.state(), CircuitState::Open);
    }

    #[test]
    fn it_may_go_to_another_thread() {
        let breaker = breaker(CircuitBreakerConfig::new());
        std::thread::scope(|scope| {
            let permit = breaker.acquire().expect("closed");
            scope.spawn(move || permit.success());
        });
        assert_eq!(breaker.stats().successes, 1);
    }

    #[test]
    fn an_owned_permit_outlives_the_handle_and_counts_as_a_permit() {
        fn portable<T: Send + Sync + 'static>(permit: T) -> T {
            permit
        }
        let breaker = breaker(CircuitBreakerConfig::new());
        let acquire = || portable(breaker.acquire_owned().expect("closed"));
        acquire().success();
        acquire().failure();
        acquire().ignore();
        drop(acquire());
        let caught = catch_unwind(|| {
            let _permit = acquire();
            panic_quietly();
        });
        assert!(caught.is_err());
        let stats = breaker.stats();
        assert_eq!(
            (
                stats.successes,
                stats.failures,
                stats.ignored,
                stats.abandoned
            ),
            (1, 2, 1, 1)
        );
        breaker.isolate();
        let refused = breaker.acquire_owned().expect_err("isolated");
        assert_eq!((refused.name(), breaker.stats().refused), ("permit", 1));
        assert!(breaker.stats().isolated);

        let permit = {
            let gone = CircuitBreaker::new("gone", CircuitBreakerConfig::new());
            gone.acquire_owned().expect("closed")
        };
        assert_eq!(
            format!("{permit:?}"),
            "OwnedPermit { circuit: \"gone\", .. }"
        );
        permit.success();
    }

    #[test]
    fn it_is_small_because_it_lives_in_futures() {
        assert!(size_of::<Permit<'_>>() <= 24);
        assert_eq!(size_of::<CallPermit<'_>>(), size_of::<Permit<'_>>());
        assert_eq!(size_of::<Option<CallPermit<'_>>>(), size_of::<Permit<'_>>());
        assert_eq!(size_of::<Option<Permit<'_>>>(), size_of::<Permit<'_>>());
    }
}
