//! Each use of a fallback is counted, and told to the log and the subscribers, because an answer
//! that hides an outage must be visible.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tracing::{info, warn};

use super::uses::{Uses, Warning};
use crate::{
    clock,
    deadline::Frame,
    events::{self, EventKind},
    inspect::{Traits, View},
    operation::{Count, Described, DescribedSettings, Operation},
    scope::per_scope,
    show::Shown,
};

per_scope! {
    /// The uses of each operation. There are as many as the program has annotated functions.
    static USES: Mutex<BTreeMap<&'static str, Uses>> = Mutex::new(BTreeMap::new());
}

/// The layer of `#[fallback]`. It has no settings.
#[derive(Debug)]
pub struct Fallback;

impl Described for Fallback {
    fn policy(&self) -> &'static str {
        "fallback"
    }

    fn describe(&self, _: &mut DescribedSettings<'_>) {}
}

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
    let operation = operation.name();
    info!(
        target: "resilience",
        operation,
        error = tracing::field::display(error),
        "the call failed, and a fallback answers"
    );
    let mut uses = USES.lock().unwrap_or_else(PoisonError::into_inner);
    let warning = uses.entry(operation).or_default().add(clock::now());
    drop(uses);
    if let Some(warning) = warning {
        warn_of(operation, warning);
    }
    events::emit_with_error(Some(operation), Some(error), |error| EventKind::FellBack {
        error,
    });
}

#[cold]
fn warn_of(operation: &str, Warning { uses, since_last }: Warning) {
    let milliseconds = |nanoseconds| Duration::from_nanos(nanoseconds).as_secs_f64() * 1000.0;
    warn!(
        target: "resilience",
        operation,
        fallbacks = uses,
        elapsed_ms = since_last.map(milliseconds),
        "fallbacks answer failed calls: {uses} since the last warning"
    );
}
