//! The changes of a circuit's state: they enter the journal under the lock, and are told after the
//! lock is released, in their order.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    task::Waker,
    thread,
    time::{Duration, Instant, SystemTime},
};

#[cfg(not(all(test, loom)))]
use std::sync::PoisonError;

use super::{Locked, Shared};
#[cfg(feature = "metrics")]
use crate::circuit::transition_counts;
use crate::{
    circuit::{
        change::Entry,
        command::CommandRecord,
        gate::State,
        history::TransitionRecord,
        journal::{Changed, Relief},
        log,
        machine::StateChange,
        transition::Transition,
    },
    events::{self, EventKind},
    sync::MutexGuard,
    unwind::{discard, quietly},
};

/// A thread tells this many changes, and as many as fit [`SHORTEST_SHARE`], before it looks for
/// another one that goes on. They are more than one, because the look takes as long as a change.
const SHARE: u32 = if cfg!(all(test, loom)) { 1 } else { 8 };

/// The shortest time between two looks. A look takes a tenth of a millisecond and a change may take
/// less than a microsecond, so a queue would otherwise grow faster than it is told.
const SHORTEST_SHARE: Duration = Duration::from_millis(if cfg!(all(test, loom)) { 0 } else { 1 });

/// The shortest wait for a thread that goes on. A thread that changes the circuit all the time
/// comes within it.
const SHORTEST_OFFER: Duration = Duration::from_micros(100);

/// The longest wait. Without it, a listener that once took an hour would hold up the call for
/// longer.
const LONGEST_OFFER: Duration = Duration::from_secs(1);

/// The command of a change.
pub(super) struct Commanded {
    pub(super) record: CommandRecord,
    /// The change begins with the command, so the subscribers are told of it first. A command that
    /// ends was told when it began.
    pub(super) tells: bool,
    /// The moment at which the command was given, or ended.
    pub(super) at: SystemTime,
}

impl Shared {
    /// Ends a command whose time is over, before the lock is used for something else.
    #[inline]
    pub(super) fn settle(&self, locked: &mut Locked, now: u64) -> Option<Changed> {
        if !locked.machine.has_command() {
            return None;
        }
        self.settle_command(locked, now)
    }

    #[cold]
    #[inline(never)]
    fn settle_command(&self, locked: &mut Locked, now: u64) -> Option<Changed> {
        // The record is looked for first, because the machine drops it.
        let record = locked.machine.ended_command(now)?.clone();
        let change = locked.machine.settle(&self.config, now)?;
        let ended = Commanded {
            record,
            tells: false,
            at: SystemTime::now(),
        };
        Some(self.enter(locked, change, now, Some(ended)))
    }

    /// Enters the change into the journal. The lock is held, so the entries have the order of the
    /// changes.
    #[cold]
    #[inline(never)]
    pub(super) fn enter(
        &self,
        locked: &mut Locked,
        change: StateChange,
        now: u64,
        command: Option<Commanded>,
    ) -> Changed {
        let StateChange {
            from,
            to,
            reason,
            is_computed,
            failures,
        } = change;
        let machine = &mut locked.machine;
        let at = command.as_ref().map(|command| command.at);
        let tells_command = command.as_ref().is_some_and(|command| command.tells);
        let refuses = matches!(to, State::Open | State::Isolated);
        let entry = Entry {
            at: at.unwrap_or_else(SystemTime::now),
            generation: machine.gate(&self.config).generation(),
            from: from.into(),
            to: to.into(),
            was_isolated: from == State::Isolated,
            isolated: to == State::Isolated,
            is_computed,
            reason,
            failures,
            failure_rate: machine.failure_rate(&self.config, now),
            retry_after: refuses.then(|| machine.refuses_for(now)).flatten(),
            last_error: None,
            command: command.map(|command| command.record),
            tells_command,
        };
        locked.journal().add(entry)
    }

    /// Tells the waiting futures, the log, the listeners and the subscribers of a change.
    ///
    /// A panic of a subscriber of the log reaches the caller after the others are told. It goes no
    /// further if the caller unwinds already, because a second panic would end the process.
    #[cold]
    pub(super) fn announce(&self, changed: Changed, last_error: Option<&Arc<str>>) {
        let (entry, wakers, lost) = {
            let mut locked = self.lock();
            let journal = locked.journal();
            let entry = journal.complete(changed, last_error);
            let wakers = journal.waiters.wakers_of_arrived();
            (entry, wakers, journal.lost_to_report())
        };
        wake(wakers);
        if let Some(lost) = lost {
            log::changes_lost(&self.name, self.name.key(), lost);
        }
        // The log line is written by the thread that made the change, so that it stands in the span
        // of the call.
        let logged = entry.as_ref().map(|entry| {
            let transition = self.transition(entry);
            catch_unwind(AssertUnwindSafe(|| {
                let log = if entry.is_computed {
                    log::computed
                } else {
                    log::transition
                };
                log(&transition);
            }))
        });
        // A listener that blocks holds up neither the metrics nor the fleet. The metrics do not
        // depend on the order of the changes, and a circuit that has closed ignores a late trip.
        if let Some(entry) = entry.filter(|entry| !entry.is_computed) {
            #[cfg(feature = "metrics")]
            transition_counts::count(&self.name, &entry);
            self.tell_trip(&entry);
        }
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
    ///
    /// Other threads may change the circuit all the time, and the call of this one has to return.
    /// Therefore it waits for a moment after its share, and the next thread that changes the
    /// circuit goes on in its place. That thread does not wait for a listener, because none runs
    /// then.
    fn tell_changes(&self) {
        if !self.lock().journal().begin_telling() {
            return;
        }
        loop {
            let Some(time_of_change) = self.tell_share() else {
                return;
            };
            // In the time that one change took, another one comes if they come faster than they are
            // told. If they do not, the queue gets empty.
            if !self.goes_on(time_of_change) {
                return;
            }
        }
    }

    /// Tells the share of this thread, and returns the time that one change took. `None` if there
    /// is no change left, so that this thread tells no more.
    fn tell_share(&self) -> Option<Duration> {
        let begun = Instant::now();
        let mut told = 0_u32;
        loop {
            for _ in 0..SHARE {
                if !self.tell_next() {
                    return None;
                }
            }
            told = told.saturating_add(SHARE);
            let time = begun.elapsed();
            if time >= SHORTEST_SHARE {
                return Some(time / told);
            }
        }
    }

    /// Tells the next change. False if there is none, so that this thread tells no more.
    fn tell_next(&self) -> bool {
        // The lock is released before the change is told.
        let (next, listeners) = {
            let mut locked = self.lock();
            let journal = locked.journal();
            (journal.next_to_tell(), journal.listeners.clone())
        };
        let Some(entry) = next else { return false };
        if entry.is_computed {
            // A command in force may give one, and it is told even then.
            self.tell_command(&entry);
            return true;
        }
        // Neither unwinds, because each listener is called under a guard.
        if !listeners.is_empty() {
            listeners.tell(&self.transition(&entry));
        }
        self.emit(&entry);
        true
    }

    /// Waits for a thread that tells the rest of the changes. False if one came, or if there is no
    /// rest.
    fn goes_on(&self, longest: Duration) -> bool {
        let mut locked = self.lock();
        let Some(offer) = locked.journal().offer_rest() else {
            return false;
        };
        let longest = longest.clamp(SHORTEST_OFFER, LONGEST_OFFER);
        let mut locked = wait_for_relief(self, locked, &offer, longest);
        locked.journal().take_back(&offer)
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
            isolated: entry.isolated,
            reason: entry.reason,
            failures: entry.failures,
            retry_after: entry.retry_after,
            last_error: entry.last_error.clone(),
        }
    }

    fn emit(&self, entry: &Entry) {
        self.tell_command(entry);
        events::emit_at(entry.at, None, || EventKind::StateChanged {
            circuit: &self.name,
            key: self.name.key(),
            from: entry.from,
            to: entry.to,
            isolated: entry.isolated,
            reason: entry.reason,
            failures: entry.failures,
            failure_rate: entry.failure_rate,
            last_error: entry.last_error.as_deref(),
            retry_after: entry.retry_after,
            generation: entry.generation.into(),
        });
    }

    fn tell_command(&self, entry: &Entry) {
        if let Some(command) = entry.command.as_ref().filter(|_| entry.tells_command) {
            self.emit_command(entry.at, command);
        }
    }

    pub(super) fn emit_command(&self, at: SystemTime, command: &CommandRecord) {
        let (circuit, key) = (&*self.name, self.name.key());
        events::emit_at(at, None, || command.event(circuit, key));
    }

    /// The text of the error that opened the circuit last.
    pub(super) fn last_error(&self) -> Option<Arc<str>> {
        let locked = self.lock();
        locked.journal.as_ref()?.last_error()
    }

    /// The latest transitions, the oldest first.
    pub(crate) fn history(&self) -> Vec<TransitionRecord> {
        let locked = self.lock();
        let Some(journal) = &locked.journal else {
            return Vec::new();
        };
        let record = |change| TransitionRecord::new(change, self.name.key());
        journal.history().map(record).collect()
    }
}

/// Wakes the tasks. A waker that panics breaks no call, because the call has nothing to do with the
/// task.
pub(super) fn wake(wakers: Vec<Waker>) {
    for waker in wakers {
        quietly(|| waker.wake());
    }
}

#[cfg(not(all(test, loom)))]
fn wait_for_relief<'l>(
    _: &'l Shared,
    locked: MutexGuard<'l, Locked>,
    offer: &Relief,
    longest: Duration,
) -> MutexGuard<'l, Locked> {
    let is_offered = |locked: &mut Locked| locked.journal().is_offered(offer);
    let waited = offer.wait_timeout_while(locked, longest, is_offered);
    waited.unwrap_or_else(PoisonError::into_inner).0
}

/// Lets the other threads of a model run for a moment, because loom has no timed wait.
#[cfg(all(test, loom))]
fn wait_for_relief<'l>(
    shared: &'l Shared,
    locked: MutexGuard<'l, Locked>,
    _: &Relief,
    _: Duration,
) -> MutexGuard<'l, Locked> {
    drop(locked);
    loom::thread::yield_now();
    shared.lock()
}
