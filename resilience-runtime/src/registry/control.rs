//! Commands by the name of a circuit.
//!
//! A name that no circuit and no family has creates nothing.

use super::{families::FAMILIES, table::REGISTRY};
use crate::{
    circuit::{Command, GivenCommand},
    events::CommandAction,
};

/// Gives the command to the circuit of that name and to the circuits of its keys. Returns true if
/// there is one.
fn give(name: &str, action: CommandAction, command: Option<Command>) -> bool {
    let given = GivenCommand::new(action, command);
    let is_circuit = REGISTRY.act(name, |circuit| circuit.obey(&given));
    let overflow = FAMILIES.overflow(name);
    let is_overflow = overflow.map(|circuit| circuit.obey(&given)).is_some();
    let is_family = FAMILIES.act(name, |family| family.command(given.clone()));
    is_circuit || is_overflow || is_family
}

/// Trips the circuit of that name, or the circuits of all its keys, see
/// [`CircuitBreaker::trip`](crate::CircuitBreaker::trip). Returns true if there is one.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, CircuitState, registry};
/// let breaker = registry::get_or_register("mail", CircuitBreakerConfig::new());
/// assert!(registry::trip("mail"));
/// assert_eq!(breaker.state(), CircuitState::Open);
/// ```
pub fn trip(name: &str) -> bool {
    give(name, CommandAction::Trip, None)
}

/// Does the same as [`trip`] with a reason, and with a time that replaces `recovery_timeout`, see
/// [`CircuitBreaker::trip_with`](crate::CircuitBreaker::trip_with).
pub fn trip_with(name: &str, command: Command) -> bool {
    give(name, CommandAction::Trip, Some(command))
}

/// Isolates the circuit of that name, or the circuits of all its keys, see
/// [`CircuitBreaker::isolate`](crate::CircuitBreaker::isolate). Returns true if there is one. The
/// circuits of keys that come later are isolated, too, until another command for the name or the
/// end of this one.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// let breaker = registry::get_or_register("mail", CircuitBreakerConfig::new());
/// assert!(registry::isolate("mail"));
/// assert_eq!(breaker.acquire().unwrap_err().retry_after(), None);
/// ```
pub fn isolate(name: &str) -> bool {
    give(name, CommandAction::Isolate, None)
}

/// Does the same as [`isolate`] with a reason, and for a time if the command says one, see
/// [`CircuitBreaker::isolate_with`](crate::CircuitBreaker::isolate_with).
///
/// ```
/// use std::time::Duration;
/// use resilience::{CircuitBreakerConfig, Command, registry};
///
/// let breaker = registry::get_or_register("ledger_doc", CircuitBreakerConfig::new());
/// let command = Command::new("the ledger is migrated").for_(Duration::from_secs(600));
/// assert!(registry::isolate_with("ledger_doc", command.clone()));
/// assert!(breaker.stats().retry_after > Some(Duration::from_secs(590)));
///
/// assert!(!registry::isolate_with("ledgr_doc", command), "nothing has this name");
/// assert!(registry::get("ledgr_doc").is_none());
/// ```
pub fn isolate_with(name: &str, command: Command) -> bool {
    give(name, CommandAction::Isolate, Some(command))
}

/// Resets the circuit of that name, or the circuits of all its keys, see
/// [`CircuitBreaker::reset`](crate::CircuitBreaker::reset). Returns true if there is one.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// registry::get_or_register("mail", CircuitBreakerConfig::new());
/// assert!(registry::reset("mail"));
/// assert!(!registry::reset("never_called"));
/// ```
pub fn reset(name: &str) -> bool {
    give(name, CommandAction::Reset, None)
}

/// Does the same as [`reset`] with a reason, see
/// [`CircuitBreaker::reset_with`](crate::CircuitBreaker::reset_with).
pub fn reset_with(name: &str, command: Command) -> bool {
    give(name, CommandAction::Reset, Some(command))
}

/// Makes the circuit of that name, or the circuits of all its keys, admit all calls, see
/// [`CircuitBreaker::allow`](crate::CircuitBreaker::allow). Returns true if there is one. The
/// circuits of keys that come later do so, too, until another command for the name or the end of
/// this one.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// let config = CircuitBreakerConfig::new().failure_threshold(1);
/// let breaker = registry::get_or_register("allow_doc", config);
/// breaker.acquire()?.failure();
/// assert!(registry::allow("allow_doc"));
/// breaker.acquire()?.success();
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
pub fn allow(name: &str) -> bool {
    give(name, CommandAction::Allow, None)
}

/// Does the same as [`allow`] with a reason, and for a time if the command says one, see
/// [`CircuitBreaker::allow_with`](crate::CircuitBreaker::allow_with).
pub fn allow_with(name: &str, command: Command) -> bool {
    give(name, CommandAction::Allow, Some(command))
}
