//! The time of circuits and timeouts: nanoseconds on one axis of the process.
//!
//! - `ticks` reads the system's clock by way of the processor's counter, because that is faster.
//! - `coarse` reads the time of the system's last tick, because that is faster still.
//! - `timer` creates tokio's timers.

// The loom models have a clock of their own, so that much of this module is unused there.
#![cfg_attr(all(test, loom), allow(dead_code))]

#[cfg(all(target_arch = "x86_64", any(unix, windows), not(miri)))]
mod ticks;
/// On other targets each reading asks the system.
#[cfg(not(all(target_arch = "x86_64", any(unix, windows), not(miri))))]
mod ticks {
    pub(super) fn now(system: fn() -> u64) -> u64 {
        system()
    }

    #[derive(Debug)]
    pub(super) struct ReferenceCopy;

    impl ReferenceCopy {
        pub(super) const fn new() -> Self {
            Self
        }

        #[expect(clippy::unused_self, reason = "there is no reference")]
        pub(super) fn now(&self) -> Option<u64> {
            None
        }

        #[expect(clippy::unused_self, reason = "there is no reference")]
        pub(super) fn renew(&self) {}
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod coarse;
/// On other targets the coarse clock is the exact one.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
mod coarse {
    pub(super) fn now(_: fn() -> u64) -> u64 {
        super::now()
    }
}

mod slack;
mod timer;

pub(crate) use slack::SLACK;
pub(crate) use timer::create_timer;

// std's primitives are used here and not those of `crate::sync`, because loom's cannot be statics.
use std::{sync::LazyLock, time::Duration};

use tokio::time::Instant;

/// The first reading of the clock. Moments are kept as differences to it, in half the space of an
/// [`Instant`].
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The moment of the epoch on the axis.
///
/// It is not zero, because the process may read a paused clock that started before the epoch.
/// Moments before the epoch are then still different from each other, and an `advance(30s)` there
/// is 30 s and not a little less.
pub(crate) const ORIGIN: u64 = 1 << 62;

/// A moment that never comes; as a span, one that never ends.
pub(crate) const NEVER: u64 = u64::MAX;

/// True if tokio is built with its feature `test-util`, for tests that pause its clock. A service
/// is built without it, and then tokio's clock is the system's.
///
/// No feature of this crate can tell, so the name `pause` does, because tokio has it only with
/// `test-util`. It is a function item then and has no size, and the import in the inner block hides
/// the constant of the outer one.
const MAY_BE_PAUSED: bool = {
    #[allow(dead_code, non_upper_case_globals)]
    const pause: u8 = 0;
    {
        #[allow(unused_imports, clippy::wildcard_imports)]
        use tokio::time::*;
        size_of_val(&pause) == 0
    }
};

/// Reads tokio's clock, so that `tokio::time::pause()` drives the circuits.
#[cfg(not(all(test, loom)))]
#[inline]
pub(crate) fn now() -> u64 {
    if MAY_BE_PAUSED {
        tokio_now()
    } else {
        ticks::now(tokio_now)
    }
}

/// The clock of code that has a thread-local value of its own.
///
/// A library gets the address of a thread-local value by a call, and code around a call saves
/// registers. So this clock lies in the value that the code needs anyway, and has a copy of the
/// thread's reference.
#[derive(Debug)]
pub(crate) struct QuickClock(ticks::ReferenceCopy);

impl QuickClock {
    pub(crate) const fn new() -> Self {
        Self(ticks::ReferenceCopy::new())
    }

    /// Reads the clock, if the copy is young enough. It never is where each reading asks the
    /// system.
    #[inline]
    pub(crate) fn now(&self) -> Option<u64> {
        if MAY_BE_PAUSED {
            Some(now())
        } else {
            self.0.now()
        }
    }

    /// Reads the clock with the thread's reference, and copies that.
    pub(crate) fn renewed_now(&self) -> u64 {
        let now = now();
        self.0.renew();
        now
    }
}

/// Reads the clock as of the system's last tick: up to some milliseconds ago, and at most [`SLACK`]
/// on all systems that are known. It is for answers that such a time does not change.
#[cfg(not(all(test, loom)))]
#[inline]
pub(crate) fn coarse_now() -> u64 {
    if MAY_BE_PAUSED {
        tokio_now()
    } else {
        coarse::now(tokio_now)
    }
}

#[cfg(all(test, loom))]
pub(crate) use self::model::{now, now as coarse_now};

fn tokio_now() -> u64 {
    moment_of(*EPOCH, Instant::now())
}

/// Returns the instant of a moment. A moment that no instant of the platform can express is the
/// epoch, because it lies before the start of the machine and has passed like the epoch.
pub(crate) fn instant(moment: u64) -> Instant {
    match moment.checked_sub(ORIGIN) {
        Some(after) => *EPOCH + Duration::from_nanos(after),
        None => (*EPOCH)
            .checked_sub(Duration::from_nanos(ORIGIN - moment))
            .unwrap_or(*EPOCH),
    }
}

/// Returns the moment of an instant. An instant that lies too far away for the axis is the first
/// moment, or [`NEVER`].
pub(crate) fn moment(at: Instant) -> u64 {
    moment_of(*EPOCH, at)
}

fn moment_of(epoch: Instant, now: Instant) -> u64 {
    match now.checked_duration_since(epoch) {
        Some(after) => ORIGIN.saturating_add(nanos(after)),
        None => ORIGIN.saturating_sub(nanos(epoch.duration_since(now))),
    }
}

/// A span in nanoseconds. A span that does not fit (584 years) is [`NEVER`].
pub(crate) fn nanos(span: Duration) -> u64 {
    // `as_nanos` is not used, because its arithmetic of 128 bits is a noticeable part of a refusal.
    span.as_secs()
        .checked_mul(1_000_000_000)
        .and_then(|nanos| nanos.checked_add(span.subsec_nanos().into()))
        .unwrap_or(NEVER)
}

/// The nanoseconds from `now` until `moment`: 0 if it has passed, [`NEVER`] if it never comes.
pub(crate) fn remaining(moment: u64, now: u64) -> u64 {
    if moment == NEVER {
        NEVER
    } else {
        moment.saturating_sub(now)
    }
}

/// The reverse of [`nanos`]: [`NEVER`] is [`Duration::MAX`].
pub(crate) fn span(nanos: u64) -> Duration {
    if nanos == NEVER {
        Duration::MAX
    } else {
        Duration::from_nanos(nanos)
    }
}

/// A clock that the loom models set, because loom needs the same run from the same schedule.
#[cfg(all(test, loom))]
pub(crate) mod model {
    use std::cell::Cell;

    // Loom runs all threads of a model on one thread, so they all share this clock.
    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(super::ORIGIN) };
    }

    pub(crate) fn now() -> u64 {
        NOW.get()
    }

    /// Sets the clock to `nanos` after the origin.
    #[cfg(test)]
    pub(crate) fn set(nanos: u64) {
        NOW.set(super::ORIGIN + nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const _: () = assert!(MAY_BE_PAUSED, "the tests are built with `test-util`");

    #[test]
    fn a_clock_behind_the_epoch_still_advances_exactly() {
        let epoch = Instant::now() + Duration::from_secs(5);
        let before = epoch - Duration::from_secs(5);
        let later = before + Duration::from_secs(2);
        assert_eq!(
            moment_of(epoch, later) - moment_of(epoch, before),
            2_000_000_000
        );
        assert!(moment_of(epoch, before) < ORIGIN);
        assert_eq!(moment_of(epoch, epoch), ORIGIN);
    }

    #[test]
    fn a_moment_is_the_instant_that_was_read() {
        let second = Duration::from_secs(1);
        for at in [*EPOCH, *EPOCH + second, *EPOCH - second] {
            assert_eq!(instant(moment_of(*EPOCH, at)), at);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_stands_still_until_it_is_advanced() {
        let start = now();
        assert_eq!(now(), start);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(now() - start, 1_000_000_000);
    }

    #[test]
    fn spans_too_long_for_the_axis_never_end() {
        assert_eq!(nanos(Duration::MAX), NEVER);
        assert_eq!(nanos(Duration::from_secs(1)), 1_000_000_000);
        assert_eq!(span(NEVER), Duration::MAX);
        assert_eq!(span(2), Duration::from_nanos(2));
        assert_eq!(remaining(NEVER, ORIGIN), NEVER);
        assert_eq!((remaining(7, 9), remaining(9, 7)), (0, 2));
    }
}
