//! The commands that a circuit is given, and the switch that makes it admit all calls.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::{
    Shared,
    changes::{Commanded, wake},
};
use crate::{
    circuit::{command::GivenCommand, journal::Changed, log},
    clock,
    events::CommandAction,
};

impl Shared {
    /// Obeys a command. It gives a line of the log and an event even if it changes no state.
    #[cold]
    pub(crate) fn command(&self, given: &GivenCommand) {
        // A subscriber of the log that panics cannot keep the circuit from its command.
        let logged = catch_unwind(AssertUnwindSafe(|| {
            if !given.to_family {
                log::command(&self.name, self.name.key(), given);
            }
        }));
        self.obey(given);
        if let Err(panic) = logged {
            resume_unwind(panic);
        }
    }

    fn obey(&self, given: &GivenCommand) {
        let now = clock::now();
        let settled = self.locked(|locked| self.settle(locked, now));
        self.announce_if(settled);
        let opening = self.opening(None);
        let (changed, record) = self.locked(|locked| {
            let change = locked.machine.obey(&self.config, given, opening, now);
            let record = locked.machine.record_of(given);
            let commanded = || Commanded {
                record: record.clone(),
                tells: !given.to_family,
                at: given.at,
            };
            let changed = change.map(|change| self.enter(locked, change, now, Some(commanded())));
            (changed, record)
        });
        if matches!(given.action, CommandAction::Reset | CommandAction::Allow) {
            self.note_command();
        }
        if changed.is_some() {
            return self.announce_if(changed);
        }
        self.wake_all();
        if !given.to_family {
            self.emit_command(given.at, &record);
        }
    }

    /// Gives the circuit a command that it is born with. Nobody has seen it yet, so that there is
    /// nothing to tell.
    pub(crate) fn begin_under(&self, given: &GivenCommand) {
        let now = clock::now();
        let opening = self.opening(None);
        self.locked(|locked| locked.machine.obey(&self.config, given, opening, now));
    }

    /// Makes the circuit refuse calls, or admit all of them and count those that it would have
    /// refused.
    pub(crate) fn set_enforced(&self, is_enforced: bool) {
        let now = clock::now();
        let settled = self.locked(|locked| self.settle(locked, now));
        self.announce_if(settled);
        let changed = self.locked(|locked| {
            let machine = &mut locked.machine;
            let change = machine.set_enforced(&self.config, is_enforced, now)?;
            Some(self.enter(locked, change, now, None))
        });
        self.announce_if(changed);
        self.wake_all();
    }

    pub(super) fn announce_if(&self, changed: Option<Changed>) {
        if let Some(changed) = changed {
            self.announce(changed, None);
        }
    }

    /// Wakes all futures that wait, because the moment for which one waits may have moved.
    pub(super) fn wake_all(&self) {
        let wakers = {
            let mut locked = self.lock();
            let journal = locked.journal.as_mut();
            journal.map(|journal| journal.waiters.wakers())
        };
        wake(wakers.unwrap_or_default());
    }
}
