//! The end of a call that succeeded.

use super::attempt_duration::{self, DueAt};
use super::schedule::Schedule;
use crate::events::{self, EventKind};
use crate::operation::{Count, Operation};
use core::num::{NonZeroU32, NonZeroU64};

/// Ends a call that succeeded. A success at the first attempt counts nothing. `schedule` is `None`
/// for it, and `started` is `None` if the clock was not read.
#[inline]
pub(super) fn succeeded(
    started: Option<NonZeroU64>,
    schedule: Option<&Schedule>,
    operation: &Operation,
) {
    if schedule.is_some() || (started.is_some() && attempt_duration::is_recorded()) {
        let attempts = schedule.map(Schedule::attempts);
        record(started, attempts, schedule.map(Schedule::due_at), operation);
    }
}

/// It is one call out of line, because the code of each function with a retry contains it. It takes
/// the numbers of the schedule in registers, because a call that succeeds at once would keep an
/// address of the schedule ready for it.
#[cold]
#[inline(never)]
fn record(
    started: Option<NonZeroU64>,
    attempts: Option<NonZeroU32>,
    due_at: Option<DueAt>,
    operation: &Operation,
) {
    attempt_duration::record(started, due_at, operation, true);
    if let Some(attempts) = attempts {
        recovered(attempts.get(), operation);
    }
}

/// Counts a call that succeeded after a retry, and tells the subscribers of it. The log says
/// nothing, because it has a line per retry.
fn recovered(attempts: u32, operation: &Operation) {
    operation.count(Count::Recovered);
    events::emit(Some(operation.name()), || EventKind::Recovered { attempts });
}
