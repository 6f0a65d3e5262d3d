//! The limit of one call: the configured one, or the time until a deadline around the call.

use std::time::Duration;

use super::{
    config::TimeoutConfig,
    error::{Cause, TimedOut},
};
use crate::clock;
use crate::deadline::Frame;
use crate::events::{self, EventKind};
use crate::operation::Count;

/// The limit that applies to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallLimit {
    /// The limit of the configuration.
    Own,
    /// A deadline around the call leaves less time than the configuration does.
    Inherited { left: Duration },
}

impl CallLimit {
    /// Returns the limit of a call that begins now, under a `deadline` that is around it.
    #[inline]
    pub(super) fn of(config: &TimeoutConfig, now: u64, deadline: u64) -> Self {
        let left = clock::remaining(deadline, now);
        if left == 0 || left < clock::nanos(config.get_limit()) {
            Self::Inherited {
                left: clock::span(left),
            }
        } else {
            Self::Own
        }
    }

    /// True if the deadline around the call has passed before the call began.
    #[inline]
    pub(super) fn has_passed(self) -> bool {
        matches!(self, Self::Inherited { left } if left.is_zero())
    }

    pub(super) fn length(self, config: &TimeoutConfig) -> Duration {
        match self {
            Self::Own => config.get_limit(),
            Self::Inherited { left } => left,
        }
    }

    /// Counts a call that ended by this limit, tells the subscribers of it, and returns its error.
    #[cold]
    pub(super) fn error(self, config: &TimeoutConfig, cause: Cause) -> TimedOut {
        config.count(Count::Timeout);
        let error = match self {
            Self::Own => config.error(cause),
            Self::Inherited { left } => {
                Frame::note_reached(true);
                config.error(cause).inherited(left)
            }
        };
        events::emit(config.get_operation(), || EventKind::TimedOut {
            limit: error.limit(),
        });
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::NEVER;

    const CONFIG: TimeoutConfig = TimeoutConfig::new(Duration::from_nanos(50));
    const ENDLESS: TimeoutConfig = TimeoutConfig::new(Duration::MAX);
    const NOW: u64 = 1000;

    fn inherited(nanos: u64) -> CallLimit {
        let left = Duration::from_nanos(nanos);
        CallLimit::Inherited { left }
    }

    #[test]
    fn the_smaller_one_of_the_limit_and_the_time_that_is_left_applies() {
        for (config, deadline, expected) in [
            (CONFIG, NEVER, CallLimit::Own),
            (CONFIG, NOW + 51, CallLimit::Own),
            (CONFIG, NOW + 50, CallLimit::Own),
            (CONFIG, NOW + 49, inherited(49)),
            (CONFIG, NOW, inherited(0)),
            (CONFIG, 0, inherited(0)),
            (ENDLESS, NEVER, CallLimit::Own),
            (ENDLESS, NOW + 1, inherited(1)),
        ] {
            assert_eq!(CallLimit::of(&config, NOW, deadline), expected);
        }
    }

    #[test]
    fn only_an_inherited_deadline_can_have_passed() {
        assert!(inherited(0).has_passed());
        assert!(!inherited(1).has_passed());
        assert!(!CallLimit::of(&TimeoutConfig::at_most(Duration::ZERO), NOW, NEVER).has_passed());
    }
}
