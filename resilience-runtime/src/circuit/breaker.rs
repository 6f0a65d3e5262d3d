//! The handle of a circuit.

use std::{borrow::Cow, fmt, panic::Location, time::Duration};

use super::{
    call_future::CircuitBreakerFuture,
    call_permit::CallPermit,
    classified::{Classified, UNSEEN},
    config::CircuitBreakerConfig,
    error::CircuitOpen,
    history::TransitionRecord,
    name::Name,
    permit::{OwnedPermit, Permit},
    probe_future::ProbeFuture,
    shared::Shared,
    stats::CircuitBreakerStats,
    transition::{CircuitState, Transition},
};
use crate::{
    errors::Origin,
    operation::Operation,
    sync::{Arc, atomic::Ordering},
};

/// A circuit breaker: refuses calls to a service that keeps failing, until it answers again.
///
/// A cheap handle: clones are the same circuit. While the circuit is closed, calls of different
/// threads do not wait for each other. Time is [`tokio::time::Instant`], so a paused clock drives
/// it in tests.
///
/// ```
/// use std::io;
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
///
/// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new().failure_threshold(2));
/// for _ in 0..2 {
///     let outcome = breaker.call(|| Err::<(), _>(io::Error::other("down")));
///     assert_eq!(outcome.unwrap_err().to_string(), "down");
/// }
/// assert_eq!(breaker.state(), CircuitState::Open);
///
/// let refused = breaker.call(|| Ok::<_, io::Error>("never called"));
/// assert!(refused.unwrap_err().to_string().starts_with("circuit `search` is open, retry in "));
/// ```
#[derive(Clone)]
pub struct CircuitBreaker {
    shared: Arc<Shared>,
}

impl CircuitBreaker {
    /// A closed circuit outside the registry. Its statistics say that it was declared here.
    ///
    /// The texts of the first 1,024 computed names of at most 128 bytes are kept until the process
    /// ends, so that refusals on many threads share no reference count.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
    ///
    /// let shard = 3;
    /// let breaker = CircuitBreaker::new(format!("db-{shard}"), CircuitBreakerConfig::new());
    /// assert_eq!((breaker.name(), breaker.state()), ("db-3", CircuitState::Closed));
    /// ```
    #[track_caller]
    pub fn new(name: impl Into<Cow<'static, str>>, config: CircuitBreakerConfig) -> Self {
        Self::new_at(name.into().into(), config, Location::caller())
    }

    pub(crate) fn declared_at(&self) -> &'static Location<'static> {
        self.shared.declared_at
    }

    /// True if both are handles of one circuit. Circuits of one name may be several.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let database = CircuitBreaker::new("database", CircuitBreakerConfig::new());
    /// assert!(database.is_same(&database.clone()));
    /// assert!(!database.is_same(&CircuitBreaker::new("database", CircuitBreakerConfig::new())));
    /// ```
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// True if the registry gave the name of the circuit away.
    #[inline]
    pub(crate) fn is_removed(&self) -> bool {
        self.shared.is_removed.load(Ordering::Relaxed)
    }

    pub(crate) fn set_removed(&self, is_removed: bool) {
        self.shared.is_removed.store(is_removed, Ordering::Relaxed);
    }

    pub(crate) fn new_at(
        name: Name,
        config: CircuitBreakerConfig,
        location: &'static Location<'static>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared::new(name, config, location)),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The circuit's name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The key of the circuit, if it is one of a [family](crate::CircuitBreakerFamily).
    pub fn key(&self) -> Option<&str> {
        self.shared.name.key()
    }

    /// True if the program called `reconfigure`.
    #[cfg(not(feature = "config"))]
    pub(crate) fn is_by_hand(&self) -> bool {
        self.shared.is_by_hand()
    }

    /// The configuration that the circuit has now.
    pub fn config(&self) -> CircuitBreakerConfig {
        self.shared.config()
    }

    /// Gives the circuit another configuration, for all decisions from now on.
    ///
    /// The state and the statistics stay. A window whose length or kind changes starts empty, and
    /// so does a row of failures that becomes another criterion. An open time that is running ends
    /// when it was going to end. Calls under way count by the new values.
    ///
    /// From now on the attribute or the call that declared the circuit changes the configuration no
    /// more.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
    ///
    /// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
    /// breaker.acquire().unwrap().failure();
    /// breaker.reconfigure(breaker.config().failure_threshold(2));
    /// breaker.acquire().unwrap().failure();
    /// assert_eq!(breaker.state(), CircuitState::Open);
    /// ```
    pub fn reconfigure(&self, config: CircuitBreakerConfig) {
        self.shared.reconfigure(config);
    }

    /// The state that the next call would meet.
    ///
    /// An open circuit reads half-open as soon as its `recovery_timeout` is over. A half-open
    /// circuit may refuse, because its probe slots may all be taken.
    pub fn state(&self) -> CircuitState {
        self.shared.state()
    }

    /// A snapshot of the statistics.
    pub fn stats(&self) -> CircuitBreakerStats {
        self.shared.stats()
    }

    /// Asks the circuit to admit one call, and returns the permit that records the outcome of the
    /// call.
    ///
    /// If a [fleet](crate::fleet) coordinates the circuit, a call that would be a probe blocks its
    /// thread for as long as it asks, and for at most 50 ms. [`acquire_async`](Self::acquire_async)
    /// waits without blocking, and [`try_acquire`](Self::try_acquire) does not wait.
    ///
    /// # Errors
    /// If the circuit is open, or half-open with all its probe slots taken.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let breaker = CircuitBreaker::new("queue", CircuitBreakerConfig::new());
    /// breaker.acquire()?.success();
    /// # Ok::<(), resilience::CircuitOpen>(())
    /// ```
    #[inline]
    pub fn acquire(&self) -> Result<Permit<'_>, CircuitOpen> {
        let admission = self.shared.admit(None)?;
        Ok(Permit::new(&self.shared, admission))
    }

    /// Does the same as [`acquire`](Self::acquire), and returns a permit that may move into a task
    /// or a struct.
    ///
    /// # Errors
    /// If the circuit is open, or half-open with all its probe slots taken.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), resilience::CircuitOpen> {
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let breaker = CircuitBreaker::new("queue", CircuitBreakerConfig::new());
    /// let permit = breaker.acquire_owned()?;
    /// tokio::spawn(async move { permit.success() }).await.unwrap();
    /// assert_eq!(breaker.stats().successes, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn acquire_owned(&self) -> Result<OwnedPermit, CircuitOpen> {
        let admission = self.shared.admit(None)?;
        Ok(OwnedPermit::new(Arc::clone(&self.shared), admission))
    }

    /// Admits a call that runs under the permit, in place or as a future, so that only a panic can
    /// drop the permit.
    #[inline]
    pub(crate) fn admit(&self) -> Result<CallPermit<'_>, CircuitOpen> {
        let admission = self.shared.admit(None)?;
        Ok(CallPermit::new(&self.shared, admission))
    }

    /// Does the same as [`admit`](Self::admit) for a call of an annotated function.
    #[doc(hidden)]
    #[inline]
    pub fn admit_call(&self, operation: &'static Operation) -> Result<CallPermit<'_>, CircuitOpen> {
        let admission = self.shared.admit(Some(operation))?;
        Ok(CallPermit::new(&self.shared, admission))
    }

    /// Does the same as [`admit_call`](Self::admit_call) for an async function. A call that has to
    /// ask the fleet is refused here, and [`probe`](Self::probe) asks.
    #[doc(hidden)]
    #[inline]
    pub fn admit_task(&self, operation: &'static Operation) -> Result<CallPermit<'_>, CircuitOpen> {
        let admission = self.shared.admit_task(Some(operation))?;
        Ok(CallPermit::new(&self.shared, admission))
    }

    /// Asks the fleet if the refused call may be a probe, if the refusal says that it has to ask.
    #[doc(hidden)]
    #[cold]
    pub fn probe(
        &self,
        operation: &'static Operation,
        open: CircuitOpen,
    ) -> ProbeFuture<'_, 'static> {
        ProbeFuture::new(&self.shared, Some(operation), open, None)
    }

    /// Does the same as [`probe`](Self::probe), and notes the refusal for a layer outside.
    #[doc(hidden)]
    #[cold]
    pub fn probe_noting<'c, 'o>(
        &'c self,
        operation: &'static Operation,
        open: CircuitOpen,
        origin: &'o mut Origin,
    ) -> ProbeFuture<'c, 'o> {
        ProbeFuture::new(&self.shared, Some(operation), open, Some(origin))
    }

    /// Does the same as [`admit_call`](Self::admit_call), and notes the refusal for a layer outside
    /// that asks for the origin of errors.
    // It is not inlined, because a call under a retry can pay the nanosecond of a call.
    #[doc(hidden)]
    #[inline(never)]
    pub fn admit_noting(
        &self,
        operation: &'static Operation,
        origin: &mut Origin,
    ) -> Result<CallPermit<'_>, CircuitOpen> {
        let permit = self.admit_call(operation);
        *origin = Origin::of_admission(permit.is_ok());
        permit
    }

    /// Does the same as [`admit_noting`](Self::admit_noting) for an async function, see
    /// [`admit_task`](Self::admit_task).
    #[doc(hidden)]
    #[inline(never)]
    pub fn admit_task_noting(
        &self,
        operation: &'static Operation,
        origin: &mut Origin,
    ) -> Result<CallPermit<'_>, CircuitOpen> {
        let permit = self.admit_task(operation);
        *origin = Origin::of_admission(permit.is_ok());
        permit
    }

    /// The time until the circuit may take a call; `None` if it may take one now.
    #[doc(hidden)]
    pub fn refuses_for(&self) -> Option<Duration> {
        self.refuses_for_unless(|_| false)
    }

    /// True if a call may be made twice: the circuit is closed, and with a threshold it has fewer
    /// than half of the failures that open it.
    #[doc(hidden)]
    #[cold]
    pub fn takes_more_load(&self) -> bool {
        let stats = self.stats();
        let threshold = stats.failure_threshold.map(u64::from);
        stats.state == CircuitState::Closed
            && threshold.is_none_or(|threshold| 2 * u64::from(stats.failure_count) < threshold)
    }

    /// Does the same as [`refuses_for`](Self::refuses_for), unless the caller asks for the refusal
    /// that a call would meet now.
    #[doc(hidden)]
    pub fn refuses_for_unless(
        &self,
        is_asked_for: impl FnOnce(CircuitOpen) -> bool,
    ) -> Option<Duration> {
        let open = self.shared.refusal()?;
        let wait = open.retry_after().unwrap_or(Duration::MAX);
        (!is_asked_for(open)).then_some(wait)
    }

    /// Calls `body` if the circuit admits the call. An `Err` is a failure, and so is a panic.
    ///
    /// # Errors
    /// The error of `body`; or the refusal, converted, if the call was not admitted.
    ///
    /// ```
    /// use std::io;
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let breaker = CircuitBreaker::new("disk", CircuitBreakerConfig::new());
    /// let answer = breaker.call(|| Ok::<_, io::Error>(42))?;
    /// assert_eq!(answer, 42);
    /// # Ok::<(), io::Error>(())
    /// ```
    ///
    /// Nothing is demanded of the error type, so a value cannot see that an `Err` is the refusal of
    /// another circuit, and counts a failure. `#[circuit_breaker]` ignores it; with a permit the
    /// program does so itself:
    ///
    /// ```
    /// use std::io;
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, is_refusal};
    ///
    /// let disk = CircuitBreaker::new("disk", CircuitBreakerConfig::new());
    /// let archive = CircuitBreaker::new("archive", CircuitBreakerConfig::new());
    /// archive.isolate();
    /// let read = || archive.call(|| Ok::<_, io::Error>(42));
    ///
    /// let _ = disk.call(read);
    /// assert_eq!(disk.stats().failures, 1);
    ///
    /// let permit = disk.acquire()?;
    /// match read() {
    ///     Ok(_) => permit.success(),
    ///     Err(error) if is_refusal(&error) => permit.ignore(),
    ///     Err(_) => permit.failure(),
    /// }
    /// assert_eq!((disk.stats().failures, disk.stats().ignored), (1, 1));
    /// # Ok::<(), io::Error>(())
    /// ```
    #[inline]
    pub fn call<T, E>(&self, body: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        E: From<CircuitOpen>,
    {
        let permit = self.admit()?;
        Classified::of(body(), |_| UNSEEN).record(permit)
    }

    /// Runs `future` if the circuit admits the call. The circuit decides at the first poll.
    ///
    /// An `Err` is a failure, and so is a panic; the refusal of another circuit too, see
    /// [`call`](Self::call). A call that is dropped before it is done is `abandoned`.
    ///
    /// # Errors
    /// The error of `future`; or the refusal, converted, if the call was not admitted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io;
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let breaker = CircuitBreaker::new("llm_api", CircuitBreakerConfig::new());
    /// let answer = breaker.call_async(async { Ok::<_, io::Error>("hello") }).await?;
    /// assert_eq!(answer, "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_async<T, E, F>(&self, future: F) -> CircuitBreakerFuture<'_, F>
    where
        F: Future<Output = Result<T, E>>,
        E: From<CircuitOpen>,
    {
        CircuitBreakerFuture::new(&self.shared, future)
    }

    /// Calls `listener` after every transition from now on, on the thread that caused it, under no
    /// lock.
    ///
    /// The listener may use the circuit. A listener that panics is reported to the log and breaks
    /// no call. Transitions are told in their order. Where two threads cause one each at nearly the
    /// same time, one of the threads tells both. While a listener blocks, at most 65,536
    /// transitions wait for it; beyond that the oldest is not told, and the log says so once a
    /// minute.
    ///
    /// There is no way to remove a listener, and the circuit keeps the values that it captures. If
    /// one of them is a handle of the circuit, the circuit is never freed: let the listener ask
    /// [`registry::get`](crate::registry::get) instead.
    pub fn on_transition(&self, listener: impl Fn(&Transition) + Send + Sync + 'static) {
        self.shared.add_listener(listener);
    }

    pub(crate) fn history(&self) -> Vec<TransitionRecord> {
        self.shared.history()
    }

    /// Takes `config` if it is another value of the line that declared the circuit. Reports it,
    /// once, if it is another line's.
    #[inline]
    pub(crate) fn check(&self, config: &CircuitBreakerConfig, location: &Location<'_>) {
        self.shared.check(config, location);
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.name())
            .field("state", &self.state())
            .field("config", &self.config())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
