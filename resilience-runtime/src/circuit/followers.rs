//! Those who are told of each circuit that comes into the registry or goes.

use std::{error::Error, pin::Pin, sync::Arc};

use super::{breaker::CircuitBreaker, command::Command};
use crate::{
    by_name::{Followers, Following},
    events::CommandAction,
};

/// It is told of each circuit that comes into the registry, and of each that goes.
///
/// The circuits of a name with keys are among them. The methods are called in the thread that
/// caused the event, under no lock, and before the first call passes the circuit. They return at
/// once. One that panics breaks no call.
pub trait CircuitFollower: Send + Sync + 'static {
    /// A circuit came into the registry.
    fn came(&self, circuit: &CircuitBreaker);

    /// The program removed the circuit, or the circuit of a key was forgotten.
    fn went(&self, circuit: &CircuitBreaker);

    /// Gives a command to the circuits of that name in all processes, or to those of all its keys.
    ///
    /// `None`, the default, says that this follower does not share the name.
    fn command(
        &self,
        name: &str,
        action: CommandAction,
        command: &Command,
    ) -> Option<CommandFuture> {
        let _ = (name, action, command);
        None
    }
}

/// The outcome of a command to all processes. After an error it is not certain that they obey,
/// because a store that did not answer in time may have taken the command.
pub type CommandFuture =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send>>;

static FOLLOWERS: Followers<dyn CircuitFollower> = Followers::new();

/// Adds a follower. The caller tells it of the circuits that are there already.
pub(crate) fn begin_to_follow(follower: &Arc<dyn CircuitFollower>) -> Following {
    FOLLOWERS.begin(follower)
}

/// Gives a command to the circuits of that name in all processes, or to those of all its keys.
/// `None` if the circuit is shared with no other process; the functions of
/// [`registry`](crate::registry) give commands to the circuits of this one.
///
/// The command is given when the future is polled. The circuits of this process obey a moment after
/// it is done, as those of the others do.
///
/// ```
/// use resilience::{Command, events::CommandAction, fleet};
///
/// let command = Command::new("maintenance");
/// assert!(fleet::give_command("jira", CommandAction::Isolate, &command).is_none());
/// ```
#[must_use = "the command is given when the future is polled"]
pub fn give_command(name: &str, action: CommandAction, command: &Command) -> Option<CommandFuture> {
    FOLLOWERS.ask(|follower| follower.command(name, action, command))
}

/// Tells the followers of a circuit that came.
pub(crate) fn tell_came(circuit: &CircuitBreaker) {
    FOLLOWERS.tell(&|follower| follower.came(circuit));
}

/// Tells the followers of a circuit that went.
pub(crate) fn tell_went(circuit: &CircuitBreaker) {
    FOLLOWERS.tell(&|follower| follower.went(circuit));
}
