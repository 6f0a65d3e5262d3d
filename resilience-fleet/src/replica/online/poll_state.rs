//! The state of the polls.

use std::cell::Cell;

use tokio::sync::Notify;

use crate::store::StoreErrorKind;

/// The state of the polls.
#[derive(Debug, Default)]
pub(super) struct PollState {
    /// A request failed, and the next poll shall come early.
    pub(super) is_wanted: Notify,
    pub(super) is_running: Cell<bool>,
    /// The polls that came early since the last regular one.
    pub(super) early: Cell<u32>,
    /// The polls in a row with a failure or a refusal.
    pub(super) failed: Cell<u32>,
    /// A request of a circuit that the store refused since the end of the last poll.
    pub(super) refusal: Cell<Option<StoreErrorKind>>,
}

impl PollState {
    /// Forgets the failures, because there is a new connection.
    pub(super) fn begin_anew(&self) {
        self.early.set(0);
        self.failed.set(0);
        self.refusal.set(None);
    }

    /// Notes that the store did not do what a circuit asked for. A request without an answer is no
    /// refusal, because a busy machine may lose one of many.
    pub(super) fn note_refusal(&self, kind: StoreErrorKind) {
        if kind != StoreErrorKind::Timeout {
            self.refusal.set(Some(kind));
        }
    }
}
