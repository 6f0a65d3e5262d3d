//! The durations of attempts, for the metrics. Without the feature `metrics` everything here is
//! empty and costs nothing.

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
pub(super) fn record(
    started: Option<NonZeroU64>,
    due_at: Option<DueAt>,
    operation: &Operation,
    is_success: bool,
) {
    #[cfg(feature = "metrics")]
    {
        let Some(started) = started else { return };
        let began = due_at.map_or(started.get(), |due_at| due_at.0);
        let nanos = crate::clock::now().saturating_sub(began);
        let outcome = if is_success { "success" } else { "failure" };
        crate::metrics::record_duration(operation.name(), outcome, Duration::from_nanos(nanos));
    }
    #[cfg(not(feature = "metrics"))]
    {
        let _ = (started, due_at, operation, is_success);
    }
}
