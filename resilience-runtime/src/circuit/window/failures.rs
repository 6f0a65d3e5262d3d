//! The window of the criterion of failures.

use super::{
    moments::Moments,
    share::{Length, Share},
};
use crate::{
    circuit::{active_config::ActiveConfig, transition::TransitionReason},
    clock::NEVER,
};

/// The kind and the length of a window of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailuresKind {
    /// The moments of failures, for a threshold. The length is in nanoseconds.
    Moments(u64),
    Share(Length),
    Row,
}

#[derive(Debug)]
pub(crate) enum Failures {
    Moments(Moments),
    /// The failed calls among all calls.
    Share(Share),
    /// The number of failures in a row, up to the limit.
    Row(u32),
}

impl Failures {
    pub(super) fn new(kind: FailuresKind) -> Self {
        match kind {
            FailuresKind::Moments(_) => Self::Moments(Moments::default()),
            FailuresKind::Share(length) => Self::Share(Share::new(length)),
            FailuresKind::Row => Self::Row(0),
        }
    }

    /// Forgets the oldest failures beyond a limit that became lower.
    pub(super) fn limit(&mut self, config: &ActiveConfig) {
        match self {
            Self::Moments(moments) => moments.limit(config.failure_limit()),
            Self::Row(failures) => *failures = (*failures).min(config.failure_limit()),
            Self::Share(_) => {}
        }
    }

    /// The window that successes enter, too, if this is one.
    #[inline]
    pub(super) fn share(&self) -> Option<&Share> {
        match self {
            Self::Share(share) => Some(share),
            Self::Moments(_) | Self::Row(_) => None,
        }
    }

    #[inline]
    pub(super) fn share_mut(&mut self) -> Option<&mut Share> {
        match self {
            Self::Share(share) => Some(share),
            Self::Moments(_) | Self::Row(_) => None,
        }
    }

    /// True if a success would end a row of failures.
    #[inline]
    pub(super) fn is_in_row(&self) -> bool {
        matches!(self, Self::Row(1..))
    }

    /// Counts a success. The caller counts it among all successes, too.
    pub(super) fn success(&mut self, config: &ActiveConfig, now: u64) {
        match self {
            Self::Moments(_) => {}
            Self::Share(share) => share.record(config.failure_window(), now, false, true),
            Self::Row(failures) => *failures = 0,
        }
    }

    /// Counts a failure of a threshold if it only adds a moment, and returns true.
    #[inline]
    pub(super) fn add(&mut self, config: &ActiveConfig, now: u64) -> bool {
        match self {
            Self::Moments(moments) => moments.add(now, config.failure_limit()),
            Self::Share(_) | Self::Row(_) => false,
        }
    }

    /// Counts a failure, and returns the reason if the circuit has to open with it. At the limit it
    /// has to.
    ///
    /// The window was made for the criterion, so the criterion is not asked for its kind.
    #[inline]
    pub(super) fn failure(&mut self, config: &ActiveConfig, now: u64) -> Option<TransitionReason> {
        match self {
            Self::Moments(moments) => {
                let is_over = moments.failure(now, config.failure_window(), config.failure_limit());
                is_over.then_some(TransitionReason::Failures)
            }
            Self::Share(share) => {
                let window = config.failure_window();
                share.record(window, now, true, false);
                let rate = share.share(window, now, config.minimum_calls());
                let is_over = rate.is_some_and(|rate| rate >= config.failure_rate());
                is_over.then_some(TransitionReason::Rate)
            }
            Self::Row(failures) => {
                let limit = config.failure_limit();
                *failures = failures.saturating_add(1).min(limit);
                (*failures >= limit).then_some(TransitionReason::Consecutive)
            }
        }
    }

    /// The failures in the window, or in a row. They are never more than the limit, because older
    /// ones are forgotten.
    pub(super) fn count(&mut self, config: &ActiveConfig, now: u64) -> u32 {
        match self {
            Self::Moments(moments) => {
                moments.forget(now, config.failure_window());
                moments.count()
            }
            Self::Share(share) => share.marked(config.failure_window(), now),
            Self::Row(failures) => *failures,
        }
    }

    /// See [`Window::fresh_at`](super::Window::fresh_at).
    pub(super) fn fresh_at(&mut self, config: &ActiveConfig, now: u64) -> u64 {
        match self {
            Self::Moments(moments) => {
                moments.forget(now, config.failure_window());
                let newest = moments.newest();
                newest.map_or(0, |newest| newest.saturating_add(config.failure_window()))
            }
            Self::Share(share) => share.fresh_at(config.failure_window(), now),
            Self::Row(0) => 0,
            Self::Row(_) => NEVER,
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Moments(moments) => moments.clear(),
            Self::Share(share) => share.clear(),
            Self::Row(failures) => *failures = 0,
        }
    }
}
