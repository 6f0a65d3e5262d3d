//! The system's clock, read by way of the processor's time-stamp counter: 9 ns instead of 22, and they overlap with the
//! locked instructions beside them, while the system's call (`lfence; rdtsc` in the vDSO) waits for all before it.
//!
//! Each thread remembers an [`Anchor`], a moment of the system's clock and the counter beside it, and counts on from there
//! for some milliseconds. Then it asks the system again. So a reading is nanoseconds from what the system would say, as
//! long as the counter runs at one rate, which the processor is asked for, and the same on all processors, which it does not
//! tell. When it does not after all, or the machine was suspended, the next look at the system shows: then the rate is
//! measured anew, and after some such disturbances never again.

use std::{
    arch::x86_64::{__cpuid, _rdtsc},
    cell::Cell,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// How long an anchor holds, in ticks: 4 to 17 ms at 4 to 1 GHz.
const LIFETIME: u64 = 1 << 24;

/// Two readings of the counter further apart than this were interrupted: 1 to 4 µs, where 30 ns are usual.
const GAP: u64 = 1 << 12;

/// What the rate is measured over, in nanoseconds. At 2 µs from either end it is right to 80 millionths; a longer one may
/// have a suspension in it.
const BASELINE: std::ops::RangeInclusive<u64> = 50_000_000..=1_000_000_000;

/// One part in so many. Above what NTP may slew the system's clock by (500 millionths), some times over.
const TOLERANCE: u64 = 256;

const DISTURBANCES: u32 = 16;

/// Nanoseconds per tick, times 2³².
static RATE: AtomicU64 = AtomicU64::new(UNKNOWN);
const UNKNOWN: u64 = 0;
const UNSTEADY: u64 = u64::MAX;

/// What is not slower than 250 MHz: an anchor's life is short then, and its product with the rate fits 64 bits.
const RATES: std::ops::Range<u64> = 1..1 << 34;

/// Held to write the rate.
static CALIBRATION: Mutex<Calibration> = Mutex::new(Calibration {
    first: None,
    disturbances: 0,
});

thread_local! {
    static ANCHOR: Cell<Anchor> = const { Cell::new(Anchor::NONE) };
}

/// The counter and the clock, read side by side.
#[derive(Clone, Copy, Debug)]
struct Sample {
    ticks: u64,
    nanos: u64,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    sample: Sample,
    rate: u64,
}

impl Anchor {
    const NONE: Self = Self {
        sample: Sample { ticks: 0, nanos: 0 },
        rate: UNKNOWN,
    };

    /// What the clock shows now, if that is soon enough.
    #[inline]
    fn count_on(self, ticks: impl FnOnce() -> u64) -> Option<u64> {
        if self.rate == UNKNOWN {
            return None;
        }
        // A counter that went back has come very far.
        let passed = ticks().wrapping_sub(self.sample.ticks);
        (passed < LIFETIME).then(|| self.sample.nanos + ((passed * self.rate) >> 32))
    }

    /// Whether counting on would have led to `sample`.
    fn led_to(self, sample: Sample) -> bool {
        let passed = u128::from(sample.ticks.wrapping_sub(self.sample.ticks));
        let expected = (passed * u128::from(self.rate)) >> 32;
        let actual = u128::from(sample.nanos.wrapping_sub(self.sample.nanos));
        expected.abs_diff(actual) <= actual / u128::from(TOLERANCE) + 10_000
    }
}

/// What `system` shows, in nanoseconds on an axis of its own.
#[inline]
pub(super) fn now(system: fn() -> u64) -> u64 {
    match ANCHOR.get().count_on(ticks) {
        Some(nanos) => nanos,
        None => ask(system),
    }
}

/// Asks the system and drops anchor there.
#[cold]
fn ask(system: fn() -> u64) -> u64 {
    let rate = RATE.load(Ordering::Relaxed);
    if rate == UNSTEADY {
        ANCHOR.set(Anchor::NONE);
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
        let last = ANCHOR.get();
        // One of another rate is from before a disturbance that somebody else has seen.
        let is_steady = rate != UNKNOWN && (last.rate != rate || last.led_to(sample));
        let rate = if is_steady {
            rate
        } else {
            calibrate(rate, sample)
        };
        ANCHOR.set(if rate == UNSTEADY {
            Anchor::NONE
        } else {
            Anchor { sample, rate }
        });
    }
    nanos
}

/// Measures a rate where there is none, or `rate` does not hold any more.
fn calibrate(rate: u64, sample: Sample) -> u64 {
    // Who calibrates already needs no help.
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
    /// Where the rate is measured from.
    first: Option<Sample>,
    disturbances: u32,
}

impl Calibration {
    fn disturb(&mut self) {
        self.first = None;
        self.disturbances += 1;
    }

    /// The rate from the first sample to this one; unknown if they are too close.
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

/// Whether the processor says that its counter runs at one rate in all states of power: "invariant TSC", CPUID leaf
/// `8000_0007h`, bit 8 of EDX. A hypervisor that is not sure of it hides the bit.
#[expect(
    unsafe_code,
    reason = "in older versions of Rust there is no safe way to this instruction"
)]
#[allow(unused_unsafe)]
fn is_invariant() -> bool {
    const EXTENDED: u32 = 0x8000_0000;
    const POWER: u32 = 0x8000_0007;
    // SAFETY: every x86-64 processor has the instruction, and it touches no memory.
    // Asked once, or once a disturbance: under a hypervisor it takes microseconds.
    unsafe { __cpuid(EXTENDED).eax >= POWER && __cpuid(POWER).edx & 1 << 8 != 0 }
}

#[expect(
    unsafe_code,
    reason = "a call costs half as much, see the module; there is no safe way to this instruction"
)]
#[inline]
fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, it takes nothing and touches no memory. Only a process that has
    // forbidden itself the counter (`PR_SET_TSC`) is stopped by it, which is no undefined behaviour.
    unsafe { _rdtsc() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::OnceLock,
        time::{Duration, Instant},
    };

    fn sample(ticks: u64, nanos: u64) -> Sample {
        Sample { ticks, nanos }
    }

    /// Two ticks a nanosecond.
    const RATE: u64 = 1 << 31;

    #[test]
    fn an_anchor_counts_on_until_its_life_is_over() {
        let anchor = Anchor {
            sample: sample(1_000, 50),
            rate: RATE,
        };
        assert_eq!(anchor.count_on(|| 1_000), Some(50));
        assert_eq!(anchor.count_on(|| 1_200), Some(150));
        assert_eq!(anchor.count_on(|| 999), None, "the counter went back");
        assert_eq!(anchor.count_on(|| 1_000 + LIFETIME), None);
        assert_eq!(
            Anchor::NONE.count_on(|| unreachable!("the counter may be no good")),
            None
        );
    }

    #[test]
    fn nothing_overflows_at_the_slowest_rate() {
        let anchor = Anchor {
            sample: sample(u64::MAX - 10, 1 << 62),
            rate: RATES.end - 1,
        };
        let latest = anchor.count_on(|| anchor.sample.ticks.wrapping_add(LIFETIME - 1));
        assert_eq!(
            latest,
            Some((1 << 62) + (((LIFETIME - 1) * anchor.rate) >> 32))
        );
    }

    #[test]
    fn an_anchor_is_held_against_the_system() {
        let anchor = Anchor {
            sample: sample(1_000, 50),
            rate: RATE,
        };
        let second = 1_000_000_000;
        let later = |off: u64| sample(1_000 + 2 * second, 50 + second + off);
        assert!(anchor.led_to(later(0)));
        assert!(anchor.led_to(later(second / 1_000)), "slewed by NTP");
        assert!(!anchor.led_to(later(second / 100)), "another frequency");
        assert!(
            !anchor.led_to(sample(500, 50 + second)),
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

    #[test]
    fn it_shows_what_the_system_shows() {
        fn system() -> u64 {
            static EPOCH: OnceLock<Instant> = OnceLock::new();
            let since = EPOCH.get_or_init(Instant::now).elapsed();
            u64::try_from(since.as_nanos()).expect("the test takes no centuries")
        }
        // Past the baseline, and through several anchors.
        let end = Instant::now() + Duration::from_millis(120);
        let mut counted_on = 0;
        while Instant::now() < end {
            let before = system();
            counted_on += u32::from(ANCHOR.get().count_on(ticks).is_some());
            let now = now(system);
            let after = system();
            assert!(
                before <= now + 100_000 && now <= after + 100_000,
                "{before} {now} {after}"
            );
        }
        // Where looks at the system are too slow to be taken for anchors, there is no rate either.
        let rate = super::RATE.load(Ordering::Relaxed);
        assert!(
            counted_on > 0 || [UNKNOWN, UNSTEADY].contains(&rate),
            "a steady counter is used"
        );
    }
}
