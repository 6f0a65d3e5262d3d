//! Each use of a fallback is counted, and told to the log and the subscribers, because an answer
//! that hides an outage must be visible.

use std::time::Duration;

use tracing::{info, warn};

use super::layer::Fallback;
use crate::{
    clock,
    deadline::Frame,
    errors::{Shown, Traits, View},
    events::{self, EventKind},
    operation::{Count, Operation},
    reports::UsesReport,
};

impl Fallback {
    /// Counts that the fallback of an annotated function answers `error`, and tells the log and the
    /// subscribers of it.
    #[cold]
    pub fn told<E, V: View<E>, S>(operation: &Operation, error: &E, _traits: Traits<V, S>) {
        told(operation, V::show(error));
    }
}

fn told(operation: &Operation, error: Shown<'_>) {
    // The answer takes the place of the error, so a deadline that caused the error is not the cause
    // of the outcome.
    Frame::note_reached(false);
    operation.count(Count::Fallback);
    let report = operation.add_fallback_use(clock::now());
    let operation = operation.name();
    info!(
        target: "resilience",
        operation,
        error = tracing::field::display(error),
        "the call failed, and a fallback answers"
    );
    if let Some(report) = report {
        warn_of(operation, report);
    }
    events::emit_with_error(Some(operation), Some(error), |error| EventKind::FellBack {
        error,
    });
}

#[cold]
fn warn_of(operation: &str, UsesReport { uses, since_last }: UsesReport) {
    let milliseconds = |nanoseconds| Duration::from_nanos(nanoseconds).as_secs_f64() * 1000.0;
    warn!(
        target: "resilience",
        operation,
        fallbacks = uses,
        elapsed_ms = since_last.map(milliseconds),
        "fallbacks answer failed calls: {uses} since the last warning"
    );
}
