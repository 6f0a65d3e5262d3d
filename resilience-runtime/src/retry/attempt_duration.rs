//! The durations of attempts and the waits of a call, for the metrics. Without the feature
//! `metrics` everything here is empty and costs nothing.

#[cfg(feature = "metrics")]
use crate::metrics::{Recorded, record};
use crate::operation::Operation;
use core::num::NonZeroU64;
use core::time::Duration;

/// The moment at which an attempt after the first one was due.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug)]
pub(super) struct DueAt(u64);

#[cfg(not(feature = "metrics"))]
#[derive(Clone, Copy, Debug)]
pub(super) struct DueAt;

impl DueAt {
    pub(super) const FIRST: Self = {
        #[cfg(feature = "metrics")]
        {
            Self(0)
        }
        #[cfg(not(feature = "metrics"))]
        {
            Self
        }
    };

    /// The moment `delay` after the attempt that began at `started` and took `elapsed`.
    pub(super) fn after(started: NonZeroU64, elapsed: Duration, delay: Duration) -> Self {
        #[cfg(feature = "metrics")]
        {
            let nanos = |span| crate::clock::nanos(span);
            let passed = nanos(elapsed).saturating_add(nanos(delay));
            Self(started.get().saturating_add(passed))
        }
        #[cfg(not(feature = "metrics"))]
        {
            let _ = (started, elapsed, delay);
            Self
        }
    }
}

/// The waits of a call so far, in seconds. The number is small enough to lie between the others of
/// the schedule, and exact to about a millionth.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits(f32);

#[cfg(not(feature = "metrics"))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits;

impl Waits {
    pub(super) const NONE: Self = {
        #[cfg(feature = "metrics")]
        {
            Self(0.0)
        }
        #[cfg(not(feature = "metrics"))]
        {
            Self
        }
    };

    /// These waits, and one of that length.
    pub(super) fn and(self, delay: Duration) -> Self {
        #[cfg(feature = "metrics")]
        {
            Self(self.0 + delay.as_secs_f32())
        }
        #[cfg(not(feature = "metrics"))]
        {
            let _ = delay;
            self
        }
    }

    /// Records the waits of a call that has ended, unless it has not waited.
    #[cold]
    pub(super) fn record(self, operation: &Operation) {
        #[cfg(feature = "metrics")]
        if let Ok(waited) = Duration::try_from_secs_f32(self.0) {
            if !waited.is_zero() {
                record(
                    operation.name(),
                    Recorded::Waits,
                    waited,
                    crate::clock::now(),
                );
            }
        }
        #[cfg(not(feature = "metrics"))]
        {
            let _ = (self, operation);
        }
    }
}

/// True if the durations of attempts are recorded, so that the call must read the clock.
#[inline]
pub(super) fn is_recorded() -> bool {
    #[cfg(feature = "metrics")]
    {
        crate::metrics::are_durations_recorded()
    }
    #[cfg(not(feature = "metrics"))]
    {
        false
    }
}

/// Records the duration of an attempt that has ended. `due_at` is `None` for the first attempt. A
/// call that began before the durations were switched on did not read the clock, and its attempts
/// are not recorded.
#[cold]
pub(super) fn record_attempt(
    started: Option<NonZeroU64>,
    due_at: Option<DueAt>,
    operation: &Operation,
    is_success: bool,
) {
    #[cfg(feature = "metrics")]
    {
        let Some(started) = started else { return };
        let began = due_at.map_or(started.get(), |due_at| due_at.0);
        let now = crate::clock::now();
        let duration = Duration::from_nanos(now.saturating_sub(began));
        let outcome = if is_success {
            Recorded::Success
        } else {
            Recorded::Failure
        };
        record(operation.name(), outcome, duration, now);
    }
    #[cfg(not(feature = "metrics"))]
    {
        let _ = (started, due_at, operation, is_success);
    }
}
