//! The view of the store that a replica follows, and the actions that a newer one asks for.

use std::time::{Duration, Instant};

use resilience::events::CommandAction;

use crate::store::{CommandView, Opening, Request, Term, View};

/// The last state of a circuit that the replica followed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Followed {
    term: Term,
    /// The end of the open time by this process's clock, if the circuit is open for the fleet.
    open_until: Option<Instant>,
    opening: Option<Opening>,
    command: Option<FollowedCommand>,
}

#[derive(Clone, Debug, PartialEq)]
struct FollowedCommand {
    view: CommandView,
    until: Option<Instant>,
}

/// An action of a replica after it has read a view.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// The circuit opens until this moment.
    Open(Instant),
    /// The circuit closes with an empty window.
    Close,
    /// The circuit obeys the command.
    Obey(CommandView),
    /// The command that held is over, because the store forgot it or another state followed.
    EndCommand,
    /// The store has lost the state, which still holds.
    Restore(Request),
}

impl Followed {
    /// True if the circuit is open for the fleet.
    pub(super) fn is_open(&self) -> bool {
        self.open_until.is_some()
    }

    /// True if something holds that may end or be lost, so that the store is read often.
    pub(super) fn holds(&self) -> bool {
        self.is_open()
            || self
                .command
                .as_ref()
                .is_some_and(|command| command.view.holds)
    }

    /// Makes the next view look new, because the circuit could not follow the last one.
    pub(super) fn forget_term(&mut self) {
        self.term.generation = 0;
    }

    /// Takes a newer view over. `jitter` is from 0 to 1.
    pub(super) fn adopt(&mut self, view: &View, now: Instant, jitter: f64) -> Vec<Action> {
        if view.term == self.term {
            return Vec::new();
        }
        let is_older = view.term.epoch == 0
            || (view.term.epoch == self.term.epoch && view.term.generation < self.term.generation);
        if is_older {
            return self.restore(now).map(Action::Restore).into_iter().collect();
        }
        let mut actions = Vec::new();
        // A command whose time is over ends by itself, and so does a trip.
        let is_held = self.command.as_ref().is_some_and(|held| {
            held.view.holds
                && held.view.command.action != CommandAction::Trip
                && held.until.is_none_or(|until| now < until)
        });
        let is_first = self.term.epoch == 0;
        let new = view.command.as_ref();
        let is_new_command = |command: &&CommandView| {
            let id = (view.term.epoch, command.generation);
            let is_known = self
                .command
                .as_ref()
                .is_some_and(|known| (self.term.epoch, known.view.generation) == id);
            // A replica that starts has nothing to reset.
            !is_known
                && (command.holds || (!is_first && command.generation == view.term.generation))
        };
        let obeyed = new.filter(is_new_command);
        let holds = new.filter(|command| command.holds);
        if is_held && holds.is_none() && obeyed.is_none() {
            actions.push(Action::EndCommand);
        }
        actions.extend(obeyed.cloned().map(Action::Obey));
        let open_until = open_until(view, now, jitter);
        match open_until {
            Some(until) if holds.is_none() => actions.push(Action::Open(until)),
            None if obeyed.is_none()
                && holds.is_none()
                && view.term.generation > 0
                && !is_first =>
            {
                actions.push(Action::Close);
            }
            _ => {}
        }
        self.follow(view, open_until, now);
        actions
    }

    fn follow(&mut self, view: &View, open_until: Option<Instant>, now: Instant) {
        self.term = view.term;
        self.open_until = open_until;
        self.opening = Some(view.opening);
        self.command = view.command.as_ref().map(|command| FollowedCommand {
            view: command.clone(),
            until: command
                .command
                .lasts
                .and_then(|lasts| now.checked_add(lasts)),
        });
    }

    /// The request that writes the state again, if it still holds. Otherwise the state is forgotten.
    fn restore(&mut self, now: Instant) -> Option<Request> {
        let left = |until: Instant| {
            let left = until.saturating_duration_since(now);
            (!left.is_zero()).then_some(left)
        };
        let open_for = self.open_until.and_then(left);
        let command = self
            .command
            .as_ref()
            .filter(|command| command.view.holds && command.until.is_none_or(|until| now < until));
        let command = command.map(|command| {
            let mut stored = command.view.command.clone();
            stored.lasts = command.until.and_then(left);
            (command.view.generation, stored)
        });
        let (term, opening) = (self.term, self.opening);
        if open_for.is_none() && command.is_none() {
            *self = Self::default();
            return None;
        }
        Some(Request::Restore {
            term,
            open_for,
            opening: opening?,
            command,
        })
    }
}

/// The moment until which the circuit is open for the fleet. `None` if it is closed, or if its open
/// time is over for so long that nobody is interested in it.
fn open_until(view: &View, now: Instant, jitter: f64) -> Option<Instant> {
    let is_commanded = view
        .command
        .as_ref()
        .is_some_and(|command| command.holds && command.command.action != CommandAction::Trip);
    if !view.is_open || is_commanded {
        return None;
    }
    let recovery = view.opening.lease_for;
    let jitter = recovery.mul_f64(0.1 * jitter);
    match u64::try_from(view.probes_in) {
        Ok(left) => now.checked_add(Duration::from_micros(left) + jitter),
        Err(_) => {
            let over_for = Duration::from_micros(view.probes_in.unsigned_abs());
            (over_for <= recovery).then_some(now)
        }
    }
}

#[cfg(test)]
mod tests;
