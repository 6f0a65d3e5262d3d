//! The commands that move a circuit by hand.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    clock,
    errors::{Shown, excerpt},
    events::{CommandAction, EventKind},
};

/// A command with its reason, for
/// [`CircuitBreaker::isolate_with`](crate::CircuitBreaker::isolate_with) and its kin.
///
/// The reason and the name of the actor stand in the log, in the events, in the history and in the
/// statistics. Control characters in them are escaped, and each is cut at 256 bytes.
///
/// ```
/// use std::time::Duration;
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, Command};
///
/// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
/// let maintenance = Command::new("the index is rebuilt").by("ops@example.com");
/// breaker.isolate_with(maintenance.for_(Duration::from_secs(600)));
///
/// let command = breaker.stats().command.expect("it holds");
/// assert_eq!(command.reason.as_deref(), Some("the index is rebuilt"));
/// assert_eq!(command.by.as_deref(), Some("ops@example.com"));
/// assert!(command.until.is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a command does nothing until a circuit is given it"]
pub struct Command {
    reason: Arc<str>,
    by: Option<Arc<str>>,
    lasts: Option<Duration>,
}

impl Command {
    /// A command that is given for this reason and holds until another one.
    pub fn new(reason: impl AsRef<str>) -> Self {
        Self {
            reason: escaped(reason.as_ref()),
            by: None,
            lasts: None,
        }
    }

    /// Returns the reason.
    pub fn get_reason(&self) -> &str {
        &self.reason
    }

    /// Returns the person or the program that gives the command.
    pub fn get_by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// Returns the time after which the command ends by itself.
    pub fn get_for(&self) -> Option<Duration> {
        self.lasts
    }

    /// Names the person or the program that gives the command.
    pub fn by(self, actor: impl AsRef<str>) -> Self {
        let by = Some(escaped(actor.as_ref()));
        Self { by, ..self }
    }

    /// Makes the command end by itself after this time, so that nobody has to remember it. A zero
    /// time ends it at once, and a time of more than 584 years never does.
    ///
    /// A trip holds for this time instead of `recovery_timeout`, and the circuit is half-open then.
    /// After an isolation the circuit is closed, as [`reset`](crate::CircuitBreaker::reset) leaves
    /// it. After an [`allow`](crate::CircuitBreaker::allow) it is in the state to which its own
    /// decisions led. A reset ignores the time.
    pub fn for_(self, time: Duration) -> Self {
        let lasts = Some(time);
        Self { lasts, ..self }
    }
}

fn escaped(text: &str) -> Arc<str> {
    excerpt(Shown::Display(&text)).into()
}

/// A command that a circuit was given.
///
/// [`CircuitBreakerStats::command`](crate::CircuitBreakerStats::command) is the one in force, and
/// [`TransitionRecord::command`](crate::TransitionRecord::command) those of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandRecord {
    /// The command.
    pub action: CommandAction,
    /// The reason that the command gives, if it gives one. Control characters are escaped, and it
    /// is cut at 256 bytes.
    pub reason: Option<Arc<str>>,
    /// The person or the program that gave the command, if the command says so, in the same form.
    pub by: Option<Arc<str>>,
    /// The moment at which the command ends by itself. It is `None` if it holds until another one.
    pub until: Option<SystemTime>,
}

impl CommandRecord {
    pub(super) fn event<'a>(&'a self, circuit: &'a str, key: Option<&'a str>) -> EventKind<'a> {
        EventKind::Command {
            circuit,
            key,
            action: self.action,
            by: self.by.as_deref(),
            reason: self.reason.as_deref(),
        }
    }
}

/// A command as a circuit is given it.
#[derive(Clone, Debug)]
pub(crate) struct GivenCommand {
    pub(crate) action: CommandAction,
    pub(crate) command: Option<Command>,
    /// The command was given to all circuits of a family. It is one cause, so the family tells the
    /// log and the subscribers of it, and its circuits do not.
    pub(crate) to_family: bool,
    /// The moment by the circuit's clock and by the system's. It is one for all circuits of a
    /// family, so that the command ends for all of them at once.
    pub(super) moment: u64,
    pub(super) at: SystemTime,
}

impl GivenCommand {
    pub(crate) fn new(action: CommandAction, command: Option<Command>) -> Self {
        Self {
            action,
            command,
            to_family: false,
            moment: clock::now(),
            at: SystemTime::now(),
        }
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        self.command.as_ref().map(|command| &*command.reason)
    }

    pub(crate) fn by(&self) -> Option<&str> {
        self.command.as_ref()?.by.as_deref()
    }

    /// The event of a command for a whole family.
    pub(super) fn event<'a>(&'a self, circuit: &'a str) -> EventKind<'a> {
        EventKind::Command {
            circuit,
            key: None,
            action: self.action,
            by: self.by(),
            reason: self.reason(),
        }
    }

    /// The time after which the command ends by itself, if it says one.
    pub(crate) fn lasts(&self) -> Option<Duration> {
        self.command.as_ref()?.lasts
    }

    /// The moment at which the command ends by itself, if it says a time. It may be
    /// [`NEVER`](clock::NEVER).
    pub(super) fn ends_at(&self) -> Option<u64> {
        let lasts = self.lasts()?;
        Some(self.moment.saturating_add(clock::nanos(lasts)))
    }

    /// The record of the command, which ends by itself at `until`.
    pub(super) fn record(&self, until: u64) -> CommandRecord {
        let command = self.command.as_ref();
        let lasts = (until != clock::NEVER).then(|| until.saturating_sub(self.moment));
        let lasts = lasts.map(Duration::from_nanos);
        CommandRecord {
            action: self.action,
            reason: command.map(|command| Arc::clone(&command.reason)),
            by: command.and_then(|command| command.by.clone()),
            until: lasts.and_then(|lasts| self.at.checked_add(lasts)),
        }
    }
}
