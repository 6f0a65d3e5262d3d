//! The changes of a circuit's state: they enter the journal under the lock, and are told after the
//! lock is released, in their order.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    task::Waker,
    thread,
    time::SystemTime,
};

use super::{Locked, Shared};
#[cfg(feature = "metrics")]
use crate::circuit::transition_counts;
use crate::{
    circuit::{
        gate::State,
        history::TransitionRecord,
        journal::{Changed, Entry, GivenCommand},
        log,
        machine::StateChange,
        transition::Transition,
    },
    clock,
    events::{self, CommandAction, EventKind},
    unwind::{discard, quietly},
};

impl Shared {
    /// Enters the change into the journal. The lock is held, so the entries have the order of the
    /// changes.
    #[cold]
    #[inline(never)]
    pub(super) fn enter(
        &self,
        locked: &mut Locked,
        change: StateChange,
        command: Option<GivenCommand>,
    ) -> Changed {
        let StateChange {
            from,
            to,
            reason,
            failures,
        } = change;
        let machine = &mut locked.machine;
        let entry = Entry {
            at: SystemTime::now(),
            generation: machine.gate(&self.config).generation(),
            from: from.into(),
            to: to.into(),
            reason,
            failures,
            failure_rate: machine.failure_rate(&self.config, clock::now()),
            retry_after: (to == State::Open).then(|| machine.open_for()),
            last_error: None,
            command,
        };
        locked.journal().add(entry)
    }

    /// Tells the waiting futures, the log, the listeners and the subscribers of a change.
    ///
    /// A panic of a subscriber of the log reaches the caller after the others are told. It goes no
    /// further if the caller unwinds already, because a second panic would end the process.
    #[cold]
    pub(super) fn announce(&self, changed: Changed, last_error: Option<Arc<str>>) {
        let (entry, wakers) = {
            let mut locked = self.lock();
            let journal = locked.journal();
            let entry = journal.complete(changed, last_error);
            (entry, journal.wakers_of_arrived())
        };
        wake(wakers);
        // The log line is written by the thread that made the change, so that it stands in the span
        // of the call.
        let logged = entry.map(|entry| {
            let transition = self.transition(&entry);
            catch_unwind(AssertUnwindSafe(|| log::transition(&transition)))
        });
        self.tell_changes();
        if let Some(Err(panic)) = logged {
            if thread::panicking() {
                discard(panic);
            } else {
                resume_unwind(panic);
            }
        }
    }

    /// Tells the changes in their order, those of other threads too. If another thread tells them
    /// already, it will tell the new ones as well, and this thread does not wait for it.
    fn tell_changes(&self) {
        if !self.lock().journal().begin_telling() {
            return;
        }
        loop {
            // The lock is released before the change is told.
            let (next, listeners) = {
                let mut locked = self.lock();
                let journal = locked.journal();
                (journal.next_to_tell(), journal.listeners.clone())
            };
            let Some(entry) = next else { return };
            // Neither unwinds, because each listener is called under a guard.
            if !listeners.is_empty() {
                listeners.tell(&self.transition(&entry));
            }
            self.emit(&entry);
        }
    }

    pub(crate) fn add_listener(&self, listener: impl Fn(&Transition) + Send + Sync + 'static) {
        let listener = Box::new(listener);
        self.lock().journal().listeners.add(listener);
    }

    fn transition(&self, entry: &Entry) -> Transition {
        Transition {
            name: String::from(&*self.name),
            key: self.name.key().map(String::from),
            from: entry.from,
            to: entry.to,
            reason: entry.reason,
            failures: entry.failures,
            retry_after: entry.retry_after,
            last_error: entry.last_error.clone(),
        }
    }

    fn emit(&self, entry: &Entry) {
        if let Some(command) = entry.command {
            self.emit_command(entry.at, command);
        }
        #[cfg(feature = "metrics")]
        transition_counts::count(&self.name, entry);
        events::emit_at(entry.at, None, || EventKind::StateChanged {
            circuit: &self.name,
            key: self.name.key(),
            from: entry.from,
            to: entry.to,
            reason: entry.reason,
            failures: entry.failures,
            failure_rate: entry.failure_rate,
            last_error: entry.last_error.as_deref(),
            retry_after: entry.retry_after,
            generation: entry.generation.into(),
        });
    }

    /// Runs a command. It gives an event even if it changes no state.
    #[cold]
    pub(crate) fn command(&self, command: GivenCommand) {
        let now = clock::now();
        let opening = self.opening(None);
        let changed = self.locked(|locked| {
            let (machine, config) = (&mut locked.machine, &self.config);
            let change = match command.action {
                CommandAction::Trip => machine.trip(config, opening, now),
                CommandAction::Isolate => machine.isolate(config, now),
                CommandAction::Reset => machine.reset(config, now),
            };
            change.map(|change| self.enter(locked, change, Some(command)))
        });
        if command.action == CommandAction::Reset {
            self.note_command();
        }
        if let Some(changed) = changed {
            return self.announce(changed, None);
        }
        // The command may have moved the moment of the next probe.
        let wakers = self.lock().journal.as_mut().map(|journal| journal.wakers());
        wake(wakers.unwrap_or_default());
        self.emit_command(SystemTime::now(), command);
    }

    fn emit_command(&self, at: SystemTime, GivenCommand { action, to_family }: GivenCommand) {
        if !to_family {
            let (circuit, key) = (&*self.name, self.name.key());
            events::emit_at(at, None, || EventKind::command(circuit, key, action));
        }
    }

    /// The text of the error that opened the circuit last.
    pub(super) fn last_error(&self) -> Option<Arc<str>> {
        let locked = self.lock();
        locked.journal.as_ref()?.last_error()
    }

    /// The latest transitions, the oldest first.
    pub(crate) fn history(&self) -> Vec<TransitionRecord> {
        let locked = self.lock();
        let journal = locked.journal.iter();
        journal
            .flat_map(|journal| journal.history())
            .map(|entry| TransitionRecord::new(entry, self.name.key()))
            .collect()
    }
}

/// Wakes the tasks. A waker that panics breaks no call, because the call has nothing to do with the
/// task.
fn wake(wakers: Vec<Waker>) {
    for waker in wakers {
        quietly(|| waker.wake());
    }
}
