//! An event is told to the subscribers.

use std::{cell::Cell, time::SystemTime};

use super::{
    event::{Event, EventKind},
    guard::Fault,
    log,
    table::Table,
};
use crate::errors::{Shown, excerpt};
#[cfg(not(all(test, loom)))]
use crate::scope::per_scope;

#[cfg(not(all(test, loom)))]
per_scope! {
    /// The subscribers of the process.
    pub(super) static SUBSCRIBERS: Table = Table::new();
}

#[cfg(all(test, loom))]
loom::lazy_static! {
    /// The subscribers of one run of a model.
    pub(super) static ref SUBSCRIBERS: Table = Table::new();
}

/// Events within each other that one thread tells at most. A listener that calls an open circuit
/// whenever a circuit refuses a call would otherwise overflow the stack.
const DEEPEST: u32 = 16;

thread_local! {
    /// The number of events that this thread is telling, each within the one before.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Tells the subscribers of an event of the operation. Without a subscriber this is one relaxed
/// load.
///
/// The caller holds no lock, because listeners are the user's code.
#[inline]
pub(crate) fn emit<'a>(operation: Option<&'a str>, kind: impl FnOnce() -> EventKind<'a>) {
    if SUBSCRIBERS.is_used() {
        tell(SystemTime::now(), operation, kind());
    }
}

/// True if there is a subscriber.
#[inline]
pub(crate) fn is_subscribed() -> bool {
    SUBSCRIBERS.is_used()
}

/// Does the same as [`emit`] for an event that shows an error. The text is made for subscribers
/// only.
#[inline]
pub(crate) fn emit_with_error(
    operation: Option<&str>,
    error: Option<Shown<'_>>,
    kind: impl FnOnce(Option<&str>) -> EventKind<'_>,
) {
    if SUBSCRIBERS.is_used() {
        let text = error.map(excerpt);
        tell(SystemTime::now(), operation, kind(text.as_deref()));
    }
}

/// Does the same as [`emit`] for an event that happened at that moment.
#[inline]
pub(crate) fn emit_at<'a>(
    at: SystemTime,
    operation: Option<&'a str>,
    kind: impl FnOnce() -> EventKind<'a>,
) {
    if SUBSCRIBERS.is_used() {
        tell(at, operation, kind());
    }
}

#[cold]
#[inline(never)]
fn tell(at: SystemTime, operation: Option<&str>, kind: EventKind<'_>) {
    let event = Event {
        at,
        operation,
        kind,
    };
    let depth = DEPTH.get();
    if depth >= DEEPEST {
        return log::events_are_nested_too_deep(depth);
    }
    DEPTH.set(depth + 1);
    tell_all(&event);
    // Nothing between the two unwinds, because listeners and log are called under guards.
    DEPTH.set(depth);
}

fn tell_all(event: &Event<'_>) {
    let mut faults = Vec::new();
    for subscriber in SUBSCRIBERS.subscribers().iter() {
        faults.extend(subscriber.tell(event).map(|fault| (fault, subscriber.id())));
    }
    // The faults are told after the event, so that every listener hears of the event first.
    for (fault, id) in faults {
        log::listener_is_at_fault(fault);
        tell_fault(fault, Some(id));
    }
}

/// Tells the subscribers that a listener of transitions is at fault. The caller writes the log.
pub(crate) fn emit_fault(fault: Fault) {
    if SUBSCRIBERS.is_used() {
        tell_fault(fault, None);
    }
}

/// Tells the subscribers except the one with the number, which is at fault itself.
#[cold]
fn tell_fault(fault: Fault, id: Option<u64>) {
    let event = Event {
        at: SystemTime::now(),
        operation: None,
        kind: match fault {
            Fault::Panicked => EventKind::ListenerPanicked,
            Fault::Slow { took } => EventKind::ListenerSlow { took },
        },
    };
    for subscriber in SUBSCRIBERS.subscribers().iter() {
        if Some(subscriber.id()) != id {
            // A listener that fails at this event is reported to the log only, because two
            // listeners that panic would otherwise tell each other of it for ever.
            if let Some(fault) = subscriber.tell(&event) {
                log::listener_is_at_fault(fault);
            }
        }
    }
}
