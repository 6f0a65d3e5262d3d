//! The events of circuits, retries and timeouts, as a subscriber hears them.

mod causes;
mod changes;
mod commands;
mod history;
mod listeners;
mod waiting;

use std::sync::{Arc, Mutex};

use resilience::events::{self, Event, EventKind, Subscription};

/// Subscribes a listener that keeps the events of one circuit or one operation as lines. Other
/// tests of the process cause events at the same time.
fn hear(of: &'static str) -> Heard {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&lines);
    let subscription = events::subscribe(move |event: &Event<'_>| {
        if is_of(event, of) {
            heard.lock().unwrap().push(line(&event.kind));
        }
    });
    Heard {
        lines,
        _subscription: subscription,
    }
}

struct Heard {
    lines: Arc<Mutex<Vec<String>>>,
    _subscription: Subscription,
}

impl Heard {
    /// The lines since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

fn is_of(event: &Event<'_>, of: &str) -> bool {
    thing(&event.kind) == Some(of) || event.operation == Some(of)
}

/// The shared thing that the event is of.
fn thing<'e>(kind: &EventKind<'e>) -> Option<&'e str> {
    match kind {
        EventKind::StateChanged { circuit, .. }
        | EventKind::Refused { circuit, .. }
        | EventKind::Registered { circuit, .. }
        | EventKind::Evicted { circuit, .. }
        | EventKind::Command { circuit, .. } => Some(circuit),
        EventKind::BulkheadFull { bulkhead, .. } => Some(bulkhead),
        EventKind::RateLimited { limit, .. } => Some(limit),
        _ => None,
    }
}

fn line(kind: &EventKind<'_>) -> String {
    match kind {
        EventKind::StateChanged {
            from, to, reason, ..
        } => format!("{from} -> {to}: {reason}"),
        EventKind::Refused { retry_after, .. } => format!("refused, retry after {retry_after:?}"),
        EventKind::Registered { .. } => "registered".to_owned(),
        EventKind::Evicted { key, .. } => format!("evicted {key:?}"),
        EventKind::Command { action, .. } => format!("command {action}"),
        EventKind::Retrying {
            attempt,
            delay,
            error,
            ..
        } => format!("attempt {attempt}: {error:?}, again in {delay:?}"),
        EventKind::Recovered { attempts, .. } => format!("recovered after {attempts}"),
        EventKind::GaveUp {
            attempts,
            reason,
            error,
            ..
        } => format!("gave up after {attempts}, {reason}: {error:?}"),
        EventKind::BudgetExhausted { budget, .. } => format!("budget {budget} is exhausted"),
        EventKind::BulkheadFull { key, .. } => format!("full: {key:?}"),
        EventKind::RateLimited { retry_after, .. } => format!("limited for {retry_after:?}"),
        EventKind::TimedOut { limit, .. } => format!("timed out after {limit:?}"),
        EventKind::Abandoned { .. } => "abandoned".to_owned(),
        EventKind::WorkersExhausted { .. } => "no worker".to_owned(),
        EventKind::FellBack { error, .. } => format!("fell back: {error:?}"),
        other => panic!("no test causes this: {other:?}"),
    }
}
