//! The scope of a test.

use std::{cell::Cell, panic::Location, thread, time::Duration};

use super::{circuit::ScopedCircuit, future::ScopeFuture};
use crate::{
    operation::PolicyDescription,
    registry,
    scope::{Delays, Entered, ScopeState},
    scoped_body::{Attempted, Attempts, Injected, Injections},
};

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
#[track_caller]
pub fn scope() -> Scope {
    let state = ScopeState::new();
    Scope {
        state,
        opened_at: Location::caller(),
        may_be_unused: Cell::new(false),
        _entered: state.enter(),
    }
}

/// A registry, statistics and subscribers of its own, for the code that runs on this thread.
///
/// [The module](super) says how tests use it. It stays on the thread that it was made on: a future
/// that other threads poll runs in the scope by [`run`](Self::run), and a task or a thread that the
/// code starts by [`inherit`](crate::inherit) or [`inherit_blocking`](crate::inherit_blocking).
///
/// # Panics
///
/// When it is dropped, unless the thread panics already: if an injection had a value of another
/// type than the function's, or if no run took an injection. [`allow_unused`](Self::allow_unused)
/// allows the latter.
#[derive(Debug)]
#[must_use = "a scope ends when it is dropped, and this one is dropped at once"]
pub struct Scope {
    state: &'static ScopeState,
    opened_at: &'static Location<'static>,
    may_be_unused: Cell<bool>,
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

    /// Makes the next `times` runs of the operation's body return the error instead of running it.
    ///
    /// The layers act for real: a retry tries again, a circuit counts the failure, a fallback
    /// answers. The operation is the name that `operation = …` gives, or the module path and the
    /// name of the function. The error must have the function's own error type.
    ///
    /// A function whose error type is written with a lifetime, with `Self` or with a type parameter
    /// cannot be given one. It fails the test, and says why.
    ///
    /// ```
    /// use resilience::{retry, testing};
    ///
    /// #[retry(max_retries = 3, operation = "jira.issue")]
    /// fn issue(id: u32) -> Result<u32, String> {
    ///     Ok(id)
    /// }
    ///
    /// let scope = testing::scope();
    /// scope.no_waits();
    /// scope.fail_next("jira.issue", 2, || "busy".to_owned());
    /// assert_eq!(issue(7), Ok(7));
    /// assert_eq!(scope.attempts("jira.issue").len(), 3);
    /// ```
    pub fn fail_next<E: 'static>(
        &self,
        operation: &str,
        times: u32,
        error: impl Fn() -> E + Send + Sync + 'static,
    ) {
        self.injections()
            .add(operation, Injected::error(error), times);
    }

    /// Makes the next run of the operation's body return `Ok` of the value instead of running it.
    ///
    /// The value must have the type of the function's `Ok`. The rule of
    /// [`fail_next`](Self::fail_next) on lifetimes holds for it, too.
    ///
    /// ```
    /// use resilience::{retry, testing};
    ///
    /// #[retry(operation = "jira.count")]
    /// async fn count() -> Result<usize, String> {
    ///     Err("no network in tests".to_owned())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let scope = testing::scope();
    /// scope.answer_next("jira.count", || 42_usize);
    /// assert_eq!(count().await, Ok(42));
    /// # }
    /// ```
    pub fn answer_next<T: 'static>(
        &self,
        operation: &str,
        value: impl FnOnce() -> T + Send + 'static,
    ) {
        self.injections().add(operation, Injected::value(value), 1);
    }

    /// Makes the next run of the operation's body panic with the message instead of running it.
    pub fn panic_next(&self, operation: &str, message: &str) {
        self.injections()
            .add(operation, Injected::panic(message), 1);
    }

    /// Delays the next run of the operation's body, so that a timeout around it acts.
    ///
    /// An async function waits in the time of tokio, and a sync one sleeps in real time. The run
    /// then goes on, with the body or with an outcome that is injected.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::{TimedOut, testing, timeout};
    ///
    /// #[timeout(5s, operation = "jira.search")]
    /// async fn search() -> Result<u32, TimedOut> {
    ///     Ok(7)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let scope = testing::scope();
    /// scope.delay_next("jira.search", Duration::from_secs(60));
    /// assert!(search().await.is_err());
    /// assert_eq!(search().await.unwrap(), 7);
    /// # }
    /// ```
    pub fn delay_next(&self, operation: &str, delay: Duration) {
        self.injections().add_delay(operation, delay);
    }

    /// Lets the scope end with injections that no run has taken.
    pub fn allow_unused(&self) {
        self.may_be_unused.set(true);
    }

    /// Returns the runs of the operation's body in the scope, in the order in which they began.
    ///
    /// An attempt that a layer refused is no run. An injected outcome is one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::testing::{self, Outcome};
    /// use resilience::retry;
    ///
    /// #[retry(base_delay = 1s, operation = "mail.send")]
    /// async fn send() -> Result<(), String> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let scope = testing::scope();
    /// scope.no_jitter();
    /// scope.fail_next("mail.send", 2, || "busy".to_owned());
    /// send().await.unwrap();
    ///
    /// let attempts = scope.attempts("mail.send");
    /// let waited: Vec<_> = attempts.iter().map(|attempt| attempt.waited.as_secs()).collect();
    /// assert_eq!(waited, [0, 1, 2]);
    /// assert_eq!(attempts[0].outcome, Outcome::Failed("busy".to_owned()));
    /// assert_eq!(attempts[2].outcome, Outcome::Succeeded);
    /// # }
    /// ```
    #[must_use]
    pub fn attempts(&self, operation: &str) -> Vec<Attempted> {
        self.runs().of(operation)
    }

    /// Returns the policies of an operation from top to bottom, each with its settings and their
    /// sources.
    ///
    /// # Panics
    ///
    /// If no function with that operation has run in the scope, because a function is unknown
    /// before its first call.
    ///
    /// ```
    /// use resilience::{retry, testing, timeout};
    ///
    /// #[retry(max_retries = 2, operation = "plan_doc.load")]
    /// #[timeout(5s)]
    /// async fn load() -> Result<(), resilience::TimedOut> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let scope = testing::scope();
    /// load().await.unwrap();
    /// let plan = scope.plan("plan_doc.load");
    /// assert_eq!((plan[0].policy, plan[1].policy), ("retry", "timeout"));
    /// let retries = plan[0].settings.iter().find(|one| one.setting == "max_retries").unwrap();
    /// assert_eq!(retries.value, "2");
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn plan(&self, operation: &str) -> Vec<PolicyDescription> {
        let _entered = self.state.enter();
        match registry::operation(operation) {
            Some(stats) => stats.stack,
            None => panic!(
                "no function with the operation `{operation}` has run in this scope; {}",
                self.functions_that_ran()
            ),
        }
    }

    /// Names a circuit of the scope, to [force](ScopedCircuit::force) its state.
    pub fn circuit(&self, name: &str) -> ScopedCircuit {
        ScopedCircuit::new(self.state, name)
    }

    fn delays(&self) -> &'static Delays {
        self.state.value()
    }

    fn injections(&self) -> &'static Injections {
        self.state.value()
    }

    fn runs(&self) -> &'static Attempts {
        self.state.value()
    }

    fn functions_that_ran(&self) -> String {
        let operations = self.runs().operations();
        if operations.is_empty() {
            "no annotated function has run".to_owned()
        } else {
            format!("the functions that ran are `{}`", operations.join("`, `"))
        }
    }

    /// The reason for which the test fails at the end of the scope.
    fn fault(&self) -> Option<String> {
        let mistakes = self.injections().mistakes();
        if !mistakes.is_empty() {
            return Some(mistakes.join("; "));
        }
        let unused = self.injections().unused();
        if unused.is_empty() || self.may_be_unused.get() {
            return None;
        }
        Some(format!(
            "no run of a body took these injections: {}; {}",
            unused.join("; "),
            self.functions_that_ran()
        ))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        if let Some(fault) = self.fault() {
            panic!("{fault} (the scope was opened at {})", self.opened_at);
        }
    }
}
