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
        shared.fail(admission, None);
    }

    /// Records that the call failed with this error, which may open the circuit.
    ///
    /// If it does, [`Transition::last_error`](crate::Transition::last_error) shows the error, and
    /// the circuit is open for as long as `recovery_hint` says, limited to the range from
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
        shared.fail(admission, Some(&cause));
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
        self.fail(None);
    }

    /// Records that the call failed with this error. See [`Permit::failure_with`].
    pub fn failure_with(self, error: &dyn fmt::Display, recovery_hint: Option<Duration>) {
        let cause = Cause::displayed(error, recovery_hint);
        self.fail(Some(&cause));
    }

    /// Records that the call says nothing about the service. See [`Permit::ignore`].
    pub fn ignore(mut self) {
        if let Some(shared) = self.shared.take() {
            shared.record(self.admission, Outcome::Ignored, None);
        }
    }

    fn fail(mut self, cause: Option<&Cause<'_>>) {
        if let Some(shared) = self.shared.take() {
            shared.fail(self.admission, cause);
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

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("circuit", &self.shared.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
