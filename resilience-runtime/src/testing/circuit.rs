//! A circuit of a scope, and the state that a test forces on it.

use crate::{circuit_state::CircuitState, registry, scope::ScopeState};

/// The circuit of a name in a scope, which need not be registered yet.
#[derive(Debug)]
#[must_use = "it does nothing by itself"]
pub struct ScopedCircuit {
    scope: &'static ScopeState,
    name: String,
}

impl ScopedCircuit {
    pub(super) fn new(scope: &'static ScopeState, name: &str) -> Self {
        let name = name.to_owned();
        Self { scope, name }
    }

    /// Forces the state of the circuit until the returned value is dropped. A circuit that no
    /// function has used yet gets it with its first call.
    ///
    /// - [`Open`](CircuitState::Open) refuses every call, as
    ///   [`isolate`](crate::CircuitBreaker::isolate) does. The refusals have no `retry_after`.
    /// - [`Closed`](CircuitState::Closed) admits every call, as
    ///   [`allow`](crate::CircuitBreaker::allow) does.
    /// - [`HalfOpen`](CircuitState::HalfOpen) admits probes, and their outcomes change nothing.
    ///
    /// Then the circuit goes on from the state that it had before; one that was half-open is
    /// closed. The circuits of all keys of the name are forced together.
    ///
    /// # Panics
    ///
    /// If the circuit is forced already, or has keys and is to be half-open.
    ///
    /// ```
    /// use resilience::{CircuitOpen, CircuitState, circuit_breaker, testing};
    ///
    /// #[circuit_breaker(name = "jira", fallback = |_| Ok("from the cache"))]
    /// fn issue() -> Result<&'static str, CircuitOpen> {
    ///     Ok("fresh")
    /// }
    ///
    /// let scope = testing::scope();
    /// let open = scope.circuit("jira").force(CircuitState::Open);
    /// assert_eq!(issue(), Ok("from the cache"));
    /// drop(open);
    /// assert_eq!(issue(), Ok("fresh"));
    /// ```
    #[track_caller]
    pub fn force(&self, state: CircuitState) -> Forced {
        let _entered = self.scope.enter();
        registry::force(&self.name, state);
        Forced {
            scope: self.scope,
            name: self.name.clone(),
        }
    }
}

/// The time in which a circuit has a forced state. It ends with the drop of this value.
#[derive(Debug)]
#[must_use = "the state ends when this is dropped, and this one is dropped at once"]
pub struct Forced {
    scope: &'static ScopeState,
    name: String,
}

impl Drop for Forced {
    fn drop(&mut self) {
        let _entered = self.scope.enter();
        registry::end_force(&self.name);
    }
}
