//! The system's clock, read by way of the processor's time-stamp counter.
//!
//! A reading of the counter takes 9 ns instead of 22, and it overlaps with the locked instructions
//! beside it, while the system's call (`lfence; rdtsc` in the vDSO) waits for all instructions
//! before it.
//!
//! Each thread remembers a [`Reference`]: a time of the system's clock and the counter at that
//! time. It extrapolates from there for some milliseconds, and then asks the system again. So a
//! reading differs by nanoseconds from the system's time as long as the counter runs at one rate
//! and shows the same on all processors. The processor tells the first and not the second. If one
//! of them does not hold, or the machine was suspended, the next reading of the system shows it.
//! The rate is then measured anew, and after sixteen such disturbances the counter is never used
//! again.

use std::{
    arch::x86_64::{__cpuid, _rdtsc},
    cell::Cell,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// A reference holds for this many ticks: 4 to 17 ms at 4 to 1 GHz.
const LIFETIME: u64 = 1 << 24;

/// Two readings of the counter that are further apart than this were interrupted: 1 to 4 µs, where
/// 30 ns are usual.
const GAP: u64 = 1 << 12;

/// The rate is measured over this many nanoseconds. With an error of 2 µs at either end the rate is
/// right to 80 millionths. A longer time may contain a suspension of the machine.
const BASELINE: std::ops::RangeInclusive<u64> = 50_000_000..=1_000_000_000;

/// The reference and the system may differ by one part in this many. NTP slews the system's clock
/// by at most 500 millionths, an eighth of it.
const TOLERANCE: u64 = 256;

/// After more disturbances than this the counter is not used any more.
const DISTURBANCES: u32 = 16;

/// Nanoseconds per tick, times 2³².
static RATE: AtomicU64 = AtomicU64::new(UNKNOWN);
const UNKNOWN: u64 = 0;
const UNSTEADY: u64 = u64::MAX;

/// The rates of counters of at least 250 MHz. A reference then holds for a short time, and its
/// product with the rate fits into 64 bits.
const RATES: std::ops::Range<u64> = 1..1 << 34;

/// The rate is written under this lock.
static CALIBRATION: Mutex<Calibration> = Mutex::new(Calibration {
    first: None,
    disturbances: 0,
});

thread_local! {
    static REFERENCE: Cell<Reference> = const { Cell::new(Reference::NONE) };
}

/// The counter and the clock, read side by side.
#[derive(Clone, Copy, Debug)]
struct Sample {
    ticks: u64,
    nanos: u64,
}

#[derive(Clone, Copy, Debug)]
struct Reference {
    sample: Sample,
    rate: u64,
}

impl Reference {
    const NONE: Self = Self {
        sample: Sample { ticks: 0, nanos: 0 },
        rate: UNKNOWN,
    };

    /// The time now, unless the reference is too old.
    #[inline]
    fn extrapolate(self, ticks: impl FnOnce() -> u64) -> Option<u64> {
        if self.rate == UNKNOWN {
            return None;
        }
        // For a counter that went back this difference is very large, so the reference counts as
        // too old.
        let passed = ticks().wrapping_sub(self.sample.ticks);
        (passed < LIFETIME).then(|| self.sample.nanos + ((passed * self.rate) >> 32))
    }

    /// True if the extrapolation to `sample` shows the same time as the sample.
    fn agrees_with(self, sample: Sample) -> bool {
        let passed = u128::from(sample.ticks.wrapping_sub(self.sample.ticks));
        let expected = (passed * u128::from(self.rate)) >> 32;
        let actual = u128::from(sample.nanos.wrapping_sub(self.sample.nanos));
        expected.abs_diff(actual) <= actual / u128::from(TOLERANCE) + 10_000
    }
}

/// The time of `system` in nanoseconds, counted from the origin of `system`.
#[inline]
pub(super) fn now(system: fn() -> u64) -> u64 {
    match REFERENCE.get().extrapolate(ticks) {
        Some(nanos) => nanos,
        None => read_system(system),
    }
}

/// A copy of this thread's reference.
#[derive(Debug)]
pub(super) struct ReferenceCopy(Cell<Reference>);

impl ReferenceCopy {
    /// The copy of a reference that is too old.
    pub(super) const fn new() -> Self {
        Self(Cell::new(Reference::NONE))
    }

    /// The time now, unless the reference is too old.
    #[inline]
    pub(super) fn now(&self) -> Option<u64> {
        self.0.get().extrapolate(ticks)
    }

    /// Copies the reference anew.
    pub(super) fn renew(&self) {
        self.0.set(REFERENCE.get());
    }
}

/// Reads the system's clock and makes the reading this thread's reference.
// It is out of line, because each reading of the counter would save its registers otherwise.
#[cold]
#[inline(never)]
fn read_system(system: fn() -> u64) -> u64 {
    let rate = RATE.load(Ordering::Relaxed);
    if rate == UNSTEADY {
        REFERENCE.set(Reference::NONE);
        return system();
    }
    let before = ticks();
    let nanos = system();
    let gap = ticks().wrapping_sub(before);
    if gap < GAP {
        let sample = Sample {
            ticks: before + gap / 2,
            nanos,
        };
        let last = REFERENCE.get();
        // A reference of another rate is older than a disturbance that another thread has seen.
        let is_steady = rate != UNKNOWN && (last.rate != rate || last.agrees_with(sample));
        let rate = if is_steady {
            rate
        } else {
            calibrate(rate, sample)
        };
        REFERENCE.set(if rate == UNSTEADY {
            Reference::NONE
        } else {
            Reference { sample, rate }
        });
    }
    nanos
}

/// Measures the rate if there is none, or if `rate` does not hold any more.
fn calibrate(rate: u64, sample: Sample) -> u64 {
    // One thread is enough to calibrate.
    let Ok(mut calibration) = CALIBRATION.try_lock() else {
        return UNKNOWN;
    };
    if RATE.load(Ordering::Relaxed) != rate {
        return UNKNOWN;
    }
    if rate != UNKNOWN {
        calibration.disturb();
    }
    let rate = calibration.rate(sample);
    RATE.store(rate, Ordering::Relaxed);
    rate
}

#[derive(Debug)]
struct Calibration {
    /// The rate is measured from this sample on.
    first: Option<Sample>,
    disturbances: u32,
}

impl Calibration {
    fn disturb(&mut self) {
        self.first = None;
        self.disturbances += 1;
    }

    /// The rate from the first sample to this one. It is unknown if the two are too close.
    fn rate(&mut self, last: Sample) -> u64 {
        let first = match self.first {
            Some(first) => first,
            None if self.disturbances > DISTURBANCES || !is_invariant() => return UNSTEADY,
            None => *self.first.insert(last),
        };
        let nanos = last.nanos.saturating_sub(first.nanos);
        if !BASELINE.contains(&nanos) {
            if nanos > *BASELINE.end() {
                self.first = Some(last);
            }
            return UNKNOWN;
        }
        let rate =
            (u128::from(nanos) << 32).checked_div(last.ticks.wrapping_sub(first.ticks).into());
        match rate.and_then(|rate| u64::try_from(rate).ok()) {
            Some(rate) if RATES.contains(&rate) => rate,
            _ => {
                self.disturb();
                UNKNOWN
            }
        }
    }
}

/// True if the processor says that its counter runs at one rate in all states of power: "invariant
/// TSC", CPUID leaf `8000_0007h`, bit 8 of EDX. A hypervisor that is not sure of it hides the bit.
#[expect(
    unsafe_code,
    reason = "in older versions of Rust there is no safe way to this instruction"
)]
#[allow(unused_unsafe)]
fn is_invariant() -> bool {
    const EXTENDED: u32 = 0x8000_0000;
    const POWER: u32 = 0x8000_0007;
    // SAFETY: every x86-64 processor has the instruction, and it touches no memory. The processor
    // is asked once, and once at each disturbance, because under a hypervisor that takes
    // microseconds.
    unsafe { __cpuid(EXTENDED).eax >= POWER && __cpuid(POWER).edx & 1 << 8 != 0 }
}

#[expect(
    unsafe_code,
    reason = "a call costs half as much, see the module; there is no safe way to this instruction"
)]
#[inline]
fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, and it has no operands and touches no
    // memory. A process that has forbidden itself the counter (`PR_SET_TSC`) is stopped by a
    // signal, and that is no undefined behaviour.
    unsafe { _rdtsc() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::OnceLock, time::Instant};

    fn sample(ticks: u64, nanos: u64) -> Sample {
        Sample { ticks, nanos }
    }

    /// Two ticks a nanosecond.
    const RATE: u64 = 1 << 31;

    #[test]
    fn a_reference_extrapolates_until_it_is_too_old() {
        let reference = Reference {
            sample: sample(1_000, 50),
            rate: RATE,
        };
        assert_eq!(reference.extrapolate(|| 1_000), Some(50));
        assert_eq!(reference.extrapolate(|| 1_200), Some(150));
        assert_eq!(reference.extrapolate(|| 999), None, "the counter went back");
        assert_eq!(reference.extrapolate(|| 1_000 + LIFETIME), None);
        assert_eq!(
            Reference::NONE.extrapolate(|| unreachable!("the counter may be no good")),
            None
        );
    }

    #[test]
    fn nothing_overflows_at_the_slowest_rate() {
        let reference = Reference {
            sample: sample(u64::MAX - 10, 1 << 62),
            rate: RATES.end - 1,
        };
        let latest = reference.extrapolate(|| reference.sample.ticks.wrapping_add(LIFETIME - 1));
        assert_eq!(
            latest,
            Some((1 << 62) + (((LIFETIME - 1) * reference.rate) >> 32))
        );
    }

    #[test]
    fn a_reference_is_compared_with_the_system() {
        let reference = Reference {
            sample: sample(1_000, 50),
            rate: RATE,
        };
        let second = 1_000_000_000;
        let later = |off: u64| sample(1_000 + 2 * second, 50 + second + off);
        assert!(reference.agrees_with(later(0)));
        assert!(
            reference.agrees_with(later(second / 1_000)),
            "slewed by NTP"
        );
        assert!(
            !reference.agrees_with(later(second / 100)),
            "another frequency"
        );
        assert!(
            !reference.agrees_with(sample(500, 50 + second)),
            "another processor, whose counter is behind"
        );
    }

    #[test]
    fn a_rate_takes_its_time_and_must_be_plausible() {
        if !is_invariant() {
            return assert_eq!(
                Calibration {
                    first: None,
                    disturbances: 0
                }
                .rate(sample(1_000, 50)),
                UNSTEADY
            );
        }
        let after = |ticks: u64, nanos| {
            let mut calibration = Calibration {
                first: None,
                disturbances: 0,
            };
            assert_eq!(calibration.rate(sample(1_000, 50)), UNKNOWN);
            (
                calibration.rate(sample(1_000_u64.wrapping_add(ticks), 50 + nanos)),
                calibration.disturbances,
            )
        };
        let second = 1_000_000_000;
        assert_eq!(
            after(2 * *BASELINE.start() - 2, BASELINE.start() - 1),
            (UNKNOWN, 0)
        );
        assert_eq!(after(2 * BASELINE.start(), *BASELINE.start()), (RATE, 0));
        assert_eq!(after(2 * second, second), (RATE, 0));
        assert_eq!(
            after(3 * second, second + 1),
            (UNKNOWN, 0),
            "it may have been suspended in between"
        );
        assert_eq!(
            after(0, second),
            (UNKNOWN, 1),
            "a counter that stands still"
        );
        assert_eq!(after(1 << 10, second), (UNKNOWN, 1), "one that is too slow");
        assert_eq!(after(u64::MAX, second), (UNKNOWN, 1), "one that goes back");
    }

    #[test]
    fn disturbances_are_forgiven_but_not_for_ever() {
        let mut calibration = Calibration {
            first: None,
            disturbances: 0,
        };
        for _ in 0..DISTURBANCES {
            calibration.disturb();
            assert_eq!(
                calibration.first.map(|first| first.ticks),
                None,
                "measured anew"
            );
            assert_eq!(
                calibration.rate(sample(1_000, 50)) == UNSTEADY,
                !is_invariant()
            );
        }
        calibration.disturb();
        assert_eq!(calibration.rate(sample(1_000, 50)), UNSTEADY);
    }

    fn system() -> u64 {
        static EPOCH: OnceLock<Instant> = OnceLock::new();
        let since = EPOCH.get_or_init(Instant::now).elapsed();
        u64::try_from(since.as_nanos()).expect("the test takes no centuries")
    }

    #[test]
    fn a_copy_shows_what_the_reference_showed() {
        let reference = Reference {
            sample: sample(ticks(), 50),
            rate: RATE,
        };
        let copy = ReferenceCopy::new();
        assert_eq!(copy.now(), None);
        REFERENCE.set(reference);
        assert_eq!(copy.now(), None, "it is not copied yet");
        copy.renew();
        REFERENCE.set(Reference::NONE);
        let age = || ticks().wrapping_sub(reference.sample.ticks);
        let (shown, is_young) = loop {
            let (before, shown, after) = (age(), copy.now(), age());
            // A reading in which the reference becomes too old says nothing.
            if after < LIFETIME || before >= LIFETIME {
                break (shown, after < LIFETIME);
            }
        };
        assert_eq!(shown.is_some(), is_young);
        copy.renew();
        assert_eq!(copy.now(), None);
    }

    #[test]
    fn it_shows_what_the_system_shows() {
        // The time is longer than the baseline, and several references follow each other. On a busy
        // machine each of them may be too old at the next reading, and the test goes on.
        let begun = Instant::now();
        let mut extrapolated = 0;
        let is_over = |extrapolated| match begun.elapsed().as_millis() {
            0..120 => false,
            120..10_000 => extrapolated > 0,
            _ => true,
        };
        while !is_over(extrapolated) {
            let before = system();
            extrapolated += u32::from(REFERENCE.get().extrapolate(ticks).is_some());
            let now = now(system);
            let after = system();
            assert!(
                before <= now + 100_000 && now <= after + 100_000,
                "{before} {now} {after}"
            );
        }
        // If every reading of the system takes too long for a reference, there is no rate either.
        let rate = super::RATE.load(Ordering::Relaxed);
        assert!(
            extrapolated > 0 || [UNKNOWN, UNSTEADY].contains(&rate),
            "a steady counter is used"
        );
    }
}
