//! The system's clock as of its last tick.
//!
//! The kernel of Linux keeps the time of its last tick, which is 1 to 10 ms ago. A reading of it is
//! a load from memory: 3 ns, where the processor's counter takes 9 ns on one machine and 20 ns on
//! another. It is for questions whose answer a few milliseconds do not change.
//!
//! The clock is never ahead of [`now`](super::now). It is behind by less than [`SLACK`], unless a
//! hypervisor keeps the processor from running that ticks for all.

use std::sync::atomic::{AtomicU64, Ordering};

use super::slack::SLACK;

/// The moment of the axis at which the system's clock shows zero.
static ZERO: AtomicU64 = AtomicU64::new(UNKNOWN);
const UNKNOWN: u64 = 0;
/// The kernel has no coarse clock, or one with longer ticks.
const UNUSABLE: u64 = u64::MAX;

/// Two readings that are further apart than these nanoseconds were interrupted.
const INTERRUPTED: u64 = 10_000;

/// The numbers of the clocks are the same on all architectures of Linux.
const MONOTONIC: i32 = 1;
const MONOTONIC_COARSE: i32 = 6;

/// The time of the last tick, on the axis of `fine`, which reads the same clock exactly.
#[inline]
pub(super) fn now(fine: fn() -> u64) -> u64 {
    let zero = ZERO.load(Ordering::Relaxed);
    if zero != UNKNOWN && zero != UNUSABLE {
        if let Some(nanos) = read(MONOTONIC_COARSE) {
            return zero.wrapping_add(nanos);
        }
    }
    without(zero, fine)
}

/// Reads the exact clock. The first reading finds the zero of the coarse one.
#[cold]
fn without(zero: u64, fine: fn() -> u64) -> u64 {
    if zero == UNKNOWN {
        ZERO.store(find_zero(fine), Ordering::Relaxed);
    }
    fine()
}

/// Compares the two axes. The zero stays unknown if the thread is interrupted meanwhile.
fn find_zero(fine: fn() -> u64) -> u64 {
    let before = fine();
    let (Some(exact), Some(coarse)) = (read(MONOTONIC), read(MONOTONIC_COARSE)) else {
        return UNUSABLE;
    };
    if fine().saturating_sub(before) > INTERRUPTED {
        return UNKNOWN;
    }
    if exact.saturating_sub(coarse) >= SLACK {
        return UNUSABLE;
    }
    // The exact clock is read after `before`, so the zero is early by the time in between, and the
    // coarse clock is not ahead.
    before.wrapping_sub(exact)
}

/// The `timespec` of C, on a target whose `time_t` and `long` have 64 bits. They have a sign, but a
/// clock that counts from the start of the machine is never negative.
#[repr(C)]
struct Timespec {
    seconds: u64,
    nanos: u64,
}

/// Reads a clock of the system in nanoseconds.
#[expect(
    unsafe_code,
    reason = "the standard library reads the exact clock only, which takes three to seven times as long"
)]
#[inline]
fn read(clock: i32) -> Option<u64> {
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }
    let mut time = Timespec {
        seconds: 0,
        nanos: 0,
    };
    // SAFETY: the declaration is that of POSIX for this target, and the standard library links the
    // C library that has the function. It writes one `timespec` to a place that is valid for it,
    // and for a clock that it does not know it writes nothing and returns an error.
    let is_read = unsafe { clock_gettime(clock, &raw mut time) } == 0;
    let nanos = time
        .seconds
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.nanos);
    is_read.then_some(nanos)
}

#[cfg(test)]
mod tests {
    use std::{
        iter,
        sync::OnceLock,
        time::{Duration, Instant},
    };

    use super::*;

    fn fine() -> u64 {
        static EPOCH: OnceLock<Instant> = OnceLock::new();
        let since = EPOCH.get_or_init(Instant::now).elapsed();
        (1 << 62) + u64::try_from(since.as_nanos()).expect("the test takes no centuries")
    }

    /// The zero that a thread finds when nothing interrupts it, nor the processor that ticks.
    fn zero() -> u64 {
        let end = Instant::now() + Duration::from_secs(10);
        iter::repeat_with(|| find_zero(fine))
            .take_while(|_| Instant::now() < end)
            .find(|zero| *zero != UNKNOWN && *zero != UNUSABLE)
            .expect("Linux has had the clock since 2.6.32")
    }

    #[test]
    fn it_follows_the_exact_clock_and_is_never_ahead() {
        let zero = zero();
        let end = Instant::now() + Duration::from_secs(10);
        let (mut last, mut ticks) = (0, 0);
        while ticks < 5 {
            let nanos = read(MONOTONIC_COARSE).expect("it was read before");
            let coarse = zero.wrapping_add(nanos);
            let exact = fine();
            assert!(last <= coarse && coarse <= exact, "{last} {coarse} {exact}");
            assert!(Instant::now() < end, "it moves");
            ticks += u32::from(coarse != last);
            last = coarse;
        }
    }

    #[test]
    fn a_clock_that_the_system_does_not_have_is_not_read() {
        assert_eq!(read(-1), None);
    }
}
