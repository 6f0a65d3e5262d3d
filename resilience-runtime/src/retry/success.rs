//! The end of a call that succeeded.

use super::progress::Progress;
use crate::events::{self, EventKind};
use crate::operation::{Count, Operation};

/// Ends a call that succeeded. A success at the first attempt counts nothing.
#[inline]
pub(super) fn succeeded(progress: &Progress, operation: &Operation) {
    if progress.is_success_noted() {
        record(progress, operation);
    }
}

/// It is one call out of line, because the code of each function with a retry contains it.
#[cold]
#[inline(never)]
fn record(progress: &Progress, operation: &Operation) {
    progress.record_attempt(operation, true);
    progress.record_waits(operation);
    if progress.retried().is_some() {
        recovered(progress.attempt(), operation);
    }
}

/// Counts a call that succeeded after a retry, and tells the subscribers of it. The log says
/// nothing, because it has a line per retry.
fn recovered(attempts: u32, operation: &Operation) {
    operation.count(Count::Recovered);
    events::emit(Some(operation.name()), || EventKind::Recovered { attempts });
}
