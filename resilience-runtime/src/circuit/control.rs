//! The commands of a circuit's handle.

use super::{
    breaker::CircuitBreaker,
    command::{Command, GivenCommand},
};
use crate::events::CommandAction;

/// # Commands
///
/// A command holds until the next one, or for the time that it says ([`Command::for_`]). While it
/// holds, [`CircuitBreakerStats::command`](crate::CircuitBreakerStats::command) is its record, and
/// [`computed_state`](crate::CircuitBreakerStats::computed_state) the state to which the circuit
/// came by its own decisions. Each command writes a WARN to the log and gives an event.
///
/// A command whose time is over has no effect from that moment on. The transition and its event
/// come with the next call, as when an open circuit begins to probe.
impl CircuitBreaker {
    /// Opens the circuit as too many failures would: after its open time it probes.
    ///
    /// An open circuit starts its open time anew; an isolated one is open in the usual way from now
    /// on.
    pub fn trip(&self) {
        self.give(CommandAction::Trip, None);
    }

    /// Does the same as [`trip`](Self::trip) with a reason. A [time](Command::for_) replaces the
    /// `recovery_timeout`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, Command};
    ///
    /// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
    /// let command = Command::new("the replica restarts").for_(Duration::from_secs(300));
    /// breaker.trip_with(command);
    /// let wait = breaker.acquire().unwrap_err().retry_after();
    /// assert!(wait > Some(Duration::from_secs(290)));
    /// ```
    pub fn trip_with(&self, command: Command) {
        self.give(CommandAction::Trip, Some(command));
    }

    /// Opens the circuit until another command.
    pub fn isolate(&self) {
        self.give(CommandAction::Isolate, None);
    }

    /// Does the same as [`isolate`](Self::isolate) with a reason, and for a [time](Command::for_)
    /// if the command says one. The circuit then is closed with an empty window, as after
    /// [`reset`](Self::reset).
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, Command};
    ///
    /// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
    /// breaker.isolate_with(Command::new("it returns wrong hits").by("ops@example.com"));
    ///
    /// let stats = breaker.stats();
    /// assert_eq!((stats.state, stats.computed_state), (CircuitState::Open, CircuitState::Closed));
    /// assert_eq!(stats.command.unwrap().reason.as_deref(), Some("it returns wrong hits"));
    /// ```
    pub fn isolate_with(&self, command: Command) {
        self.give(CommandAction::Isolate, Some(command));
    }

    /// Closes the circuit, empties its window and ends the command that holds. Outcomes of calls
    /// under way are `late`. Statistics go on.
    pub fn reset(&self) {
        self.give(CommandAction::Reset, None);
    }

    /// Does the same as [`reset`](Self::reset) with a reason. A [time](Command::for_) has no
    /// effect.
    pub fn reset_with(&self, command: Command) {
        self.give(CommandAction::Reset, Some(command));
    }

    /// Admits all calls until another command, whatever their outcomes are: the circuit is forced
    /// closed.
    ///
    /// The circuit goes on with its own decisions beside that, as if the calls that it would refuse
    /// did not come: [`computed_state`](crate::CircuitBreakerStats::computed_state) shows its
    /// state, and [`would_refuse`](crate::CircuitBreakerStats::would_refuse) counts those calls.
    /// After a trip or an isolation it goes on from the state that it had before.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
    ///
    /// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new().failure_threshold(1));
    /// breaker.allow();
    /// breaker.acquire()?.failure();
    /// breaker.acquire()?.success();
    ///
    /// let stats = breaker.stats();
    /// assert_eq!((stats.state, stats.computed_state), (CircuitState::Closed, CircuitState::Open));
    /// assert_eq!((stats.refused, stats.would_refuse), (0, 1));
    /// # Ok::<(), resilience::CircuitOpen>(())
    /// ```
    pub fn allow(&self) {
        self.give(CommandAction::Allow, None);
    }

    /// Does the same as [`allow`](Self::allow) with a reason, and for a [time](Command::for_) if
    /// the command says one. The circuit then is in its computed state.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), resilience::CircuitOpen> {
    /// use std::time::Duration;
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, Command};
    ///
    /// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new().failure_threshold(1));
    /// let five_minutes = Duration::from_secs(300);
    /// breaker.allow_with(Command::new("false alarms").by("ops@example.com").for_(five_minutes));
    /// tokio::time::advance(five_minutes - Duration::from_secs(1)).await;
    /// breaker.acquire()?.failure();
    ///
    /// assert_eq!(breaker.state(), CircuitState::Closed);
    /// tokio::time::advance(Duration::from_secs(1)).await;
    /// assert_eq!(breaker.state(), CircuitState::Open);
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_with(&self, command: Command) {
        self.give(CommandAction::Allow, Some(command));
    }

    fn give(&self, action: CommandAction, command: Option<Command>) {
        self.obey(&GivenCommand::new(action, command));
    }

    pub(crate) fn obey(&self, given: &GivenCommand) {
        self.shared().command(given);
    }

    /// Makes the circuit refuse calls, or admit all of them and count those that it would have
    /// refused, as `enforce` in the configuration file says.
    #[doc(hidden)]
    pub fn set_enforced(&self, is_enforced: bool) {
        self.shared().set_enforced(is_enforced);
    }
}
