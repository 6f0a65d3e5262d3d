//! The scope of a test.

use super::future::ScopeFuture;
use crate::scope::{Delays, Entered, ScopeState};

/// Opens a scope on this thread. It ends when the returned value is dropped.
///
/// A scope that is opened inside of another one hides it until it ends.
///
/// ```
/// use resilience::{CircuitOpen, CircuitState, circuit_breaker, registry, testing};
///
/// #[circuit_breaker(name = "jira", failure_threshold = 1)]
/// fn issue(is_up: bool) -> Result<u32, Box<dyn std::error::Error>> {
///     if is_up { Ok(42) } else { Err("down".into()) }
/// }
///
/// {
///     let _scope = testing::scope();
///     assert!(issue(false).is_err());
///     assert_eq!(registry::get("jira").unwrap().state(), CircuitState::Open);
/// }
/// // The circuit of the process, and that of another scope, have seen nothing.
/// assert_eq!(issue(true).unwrap(), 42);
/// ```
pub fn scope() -> Scope {
    let state = ScopeState::new();
    Scope {
        state,
        _entered: state.enter(),
    }
}

/// A registry, statistics and subscribers of its own, for the code that runs on this thread.
///
/// [The module](super) says how tests use it. It stays on the thread that it was made on: a future
/// that other threads poll runs in the scope by [`run`](Self::run), and a task or a thread that the
/// code starts by [`inherit`](crate::inherit) or [`inherit_blocking`](crate::inherit_blocking).
#[derive(Debug)]
#[must_use = "a scope ends when it is dropped, and this one is dropped at once"]
pub struct Scope {
    state: &'static ScopeState,
    _entered: Entered,
}

impl Scope {
    /// Runs a future in the scope, whichever thread polls it.
    ///
    /// A test on a runtime of one thread needs it only for futures that outlive the scope, because
    /// all its code runs on the thread of the scope.
    ///
    /// ```
    /// use resilience::{CircuitBreakerConfig, registry, testing};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let registering = {
    ///     let scope = testing::scope();
    ///     scope.run(async { registry::get_or_register("mail", CircuitBreakerConfig::new()) })
    /// };
    /// assert_eq!(registering.await.name(), "mail");
    /// assert!(registry::get("mail").is_none(), "it is in the scope");
    /// # }
    /// ```
    pub fn run<F: Future>(&self, future: F) -> ScopeFuture<F> {
        ScopeFuture::new(self.state, future)
    }

    /// Draws the jitter of delays and open times in the scope from this seed, so that they are the
    /// same in each run of a test that makes its calls one after the other.
    ///
    /// The numbers may differ in another version of this library.
    ///
    /// ```
    /// use resilience::{RetryConfig, testing};
    ///
    /// let waits = |seed| {
    ///     let scope = testing::scope();
    ///     scope.seed(seed);
    ///     scope.no_waits();
    ///     let mut waits = Vec::new();
    ///     let calls = RetryConfig::new().prepare(|| Err::<(), _>("busy"));
    ///     let outcome = calls.on_retry(|event| waits.push(event.delay)).run();
    ///     assert_eq!(outcome, Err("busy"));
    ///     waits
    /// };
    /// assert_eq!(waits(42), waits(42));
    /// assert_ne!(waits(42), waits(43));
    /// ```
    pub fn seed(&self, seed: u64) {
        self.delays().seed(seed);
    }

    /// Makes delays and open times in the scope exact, as with `jitter = none`.
    ///
    /// A wait that a server asked for is exact, too.
    pub fn no_jitter(&self) {
        self.delays().set_no_jitter();
    }

    /// Makes the waits of sync retries in the scope end at once.
    ///
    /// Async retries wait in the time of tokio, which a test pauses with `start_paused = true`.
    pub fn no_waits(&self) {
        self.delays().set_no_waits();
    }

    fn delays(&self) -> &'static Delays {
        self.state.value()
    }
}
