//! The view of the store that a replica follows, and the actions that a newer one asks for.

use std::time::{Duration, Instant};

use resilience::events::CommandAction;

use crate::store::{CommandView, Opening, Request, StoredCommand, Term, View};

/// The last state of a circuit that the replica followed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Followed {
    term: Term,
    /// The circuit is open or half-open in the store.
    is_open_there: bool,
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

impl FollowedCommand {
    /// True if it is the same command of the same generation. Its rest does not matter.
    fn is(&self, view: &CommandView) -> bool {
        let (ours, theirs) = (&self.view.command, &view.command);
        self.view.generation == view.generation
            && (ours.action, &ours.reason, &ours.by) == (theirs.action, &theirs.reason, &theirs.by)
    }
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
        if self.is_same(view) {
            return Vec::new();
        }
        let is_lost = view.term.epoch == 0;
        let is_older =
            view.term.epoch == self.term.epoch && view.term.generation < self.term.generation;
        if is_lost || is_older {
            let restore = if is_lost {
                self.restore_held(now)
            } else {
                self.restore(now)
            };
            return restore.map(Action::Restore).into_iter().collect();
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
            let known = self.command.as_ref();
            let is_known =
                view.term.epoch == self.term.epoch && known.is_some_and(|known| known.is(command));
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

    /// True if the state was followed before. Two states have one term if servers with different
    /// last writes went on from it, so that their content is compared, too.
    fn is_same(&self, view: &View) -> bool {
        let has_same_command = match (&self.command, &view.command) {
            (Some(ours), Some(theirs)) => ours.is(theirs),
            (None, None) => true,
            _ => false,
        };
        view.term == self.term && view.is_open == self.is_open_there && has_same_command
    }

    fn follow(&mut self, view: &View, open_until: Option<Instant>, now: Instant) {
        self.term = view.term;
        self.is_open_there = view.is_open;
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

    /// The request that writes the state again into a store that has none, if it still holds. What
    /// is over is forgotten, because an absent state is a closed one.
    fn restore_held(&mut self, now: Instant) -> Option<Request> {
        let is_over = |until: Option<Instant>| until.is_none_or(|until| until <= now);
        if is_over(self.open_until) && self.held_command(now).is_none() {
            self.open_until = None;
            self.is_open_there = false;
            self.command = None;
            return None;
        }
        self.restore(now)
    }

    /// The request that writes the state again into a store that has an older one. A closed state
    /// is written, too, because the older one may be open.
    fn restore(&self, now: Instant) -> Option<Request> {
        Some(Request::Restore {
            term: self.term,
            open_for: self
                .open_until
                .map(|until| until.saturating_duration_since(now)),
            opening: self.opening?,
            command: self.held_command(now),
        })
    }

    /// The command that holds, with the rest of its time, and its generation.
    fn held_command(&self, now: Instant) -> Option<(u64, StoredCommand)> {
        let held = self.command.as_ref()?;
        let is_over = held.until.is_some_and(|until| until <= now);
        let lasts = held.until.map(|until| until.saturating_duration_since(now));
        let command = StoredCommand {
            lasts,
            ..held.view.command.clone()
        };
        (held.view.holds && !is_over).then_some((held.view.generation, command))
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
