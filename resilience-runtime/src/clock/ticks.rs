//! The system's clock, read by way of the processor's time-stamp counter: 9 ns instead of 22, and they overlap with the
//! locked instructions beside them, while the system's call (`lfence; rdtsc` in the vDSO) waits for all before it.
//!
//! Each thread remembers an [`Anchor`], a moment of the system's clock and the counter beside it, and counts on from there
//! for some milliseconds. Then it asks the system again, and holds what it would have said against the answer: if they
//! differ by more than [`TOLERANCE`], the counter is not steady and is never used again. So a reading is at most that far
//! from the system's clock, which is microseconds, and in practice nanoseconds.
//!
//! This is how `quanta` and `minstant` read the counter, but those calibrate once, which blocks, and drift from then on.

use std::{
    cell::Cell,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// How long an anchor holds, in ticks: 4 to 8 ms. Such that the product with a rate below 2⁴⁰ fits 64 bits.
const LIFETIME: u64 = 1 << 24;

/// Two readings of the counter further apart than this were interrupted: 1 µs or so, where 30 ns are usual.
const GAP: u64 = 1 << 12;

/// What the rate is measured over, in nanoseconds. At 2 µs from either end it is right to 80 millionths.
const BASELINE: u64 = 50_000_000;

/// One part in so many. Above what NTP may slew the system's clock by (500 millionths), twice.
const TOLERANCE: u64 = 256;

/// Nanoseconds per tick, times 2³². All threads measure the same one.
static RATE: AtomicU64 = AtomicU64::new(UNKNOWN);
const UNKNOWN: u64 = 0;
const UNSTEADY: u64 = u64::MAX;

/// Where the rate is measured from.
static FIRST: OnceLock<Sample> = OnceLock::new();

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
    /// One whose life is over, whatever the counter shows.
    const NONE: Self = Self { sample: Sample { ticks: u64::MAX / 2, nanos: 0 }, rate: 0 };

    /// What the clock shows at `ticks`, if that is soon enough.
    #[inline]
    fn count_on(self, ticks: u64) -> Option<u64> {
        // A counter that went back has come very far.
        let passed = ticks.wrapping_sub(self.sample.ticks);
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
    match ANCHOR.get().count_on(ticks()) {
        Some(nanos) => nanos,
        None => ask(system),
    }
}

/// Asks the system and drops anchor there.
#[cold]
fn ask(system: fn() -> u64) -> u64 {
    let before = ticks();
    let nanos = system();
    let gap = ticks().wrapping_sub(before);
    if gap < GAP {
        let sample = Sample { ticks: before + gap / 2, nanos };
        ANCHOR.set(anchor(sample, ANCHOR.get()));
    }
    nanos
}

fn anchor(sample: Sample, last: Anchor) -> Anchor {
    let rate = match RATE.load(Ordering::Relaxed) {
        UNSTEADY => return Anchor::NONE,
        UNKNOWN => match rate(*FIRST.get_or_init(|| sample), sample) {
            Some(rate) => rate,
            None => return Anchor::NONE,
        },
        rate => rate,
    };
    let steady = rate != UNSTEADY && (last.rate == 0 || last.led_to(sample));
    RATE.store(if steady { rate } else { UNSTEADY }, Ordering::Relaxed);
    if steady { Anchor { sample, rate } } else { Anchor::NONE }
}

/// The rate between two samples; `None` if they are too close. No counter slower than 4 MHz will do.
fn rate(first: Sample, last: Sample) -> Option<u64> {
    let nanos = last.nanos.checked_sub(first.nanos).filter(|&nanos| nanos >= BASELINE)?;
    let rate = (u128::from(nanos) << 32).checked_div(last.ticks.wrapping_sub(first.ticks).into());
    let usable = |rate: &u64| (1..1 << 40).contains(rate);
    Some(rate.and_then(|rate| u64::try_from(rate).ok()).filter(usable).unwrap_or(UNSTEADY))
}

#[expect(unsafe_code, reason = "a call costs half as much, see the module; there is no safe way to this instruction")]
#[inline]
fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has it, it takes nothing and touches no memory. Where a system forbids it
    // (`PR_SET_TSC`), its own clock, which does the same in user space, could not be read either.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn sample(ticks: u64, nanos: u64) -> Sample {
        Sample { ticks, nanos }
    }

    /// Two ticks a nanosecond.
    const RATE: u64 = 1 << 31;

    #[test]
    fn an_anchor_counts_on_until_its_life_is_over() {
        let anchor = Anchor { sample: sample(1_000, 50), rate: RATE };
        assert_eq!(anchor.count_on(1_000), Some(50));
        assert_eq!(anchor.count_on(1_200), Some(150));
        assert_eq!(anchor.count_on(999), None, "the counter went back");
        assert_eq!(anchor.count_on(1_000 + LIFETIME), None);
        assert_eq!(Anchor::NONE.count_on(0).or(Anchor::NONE.count_on(1 << 40)), None);
    }

    #[test]
    fn nothing_overflows_at_the_slowest_rate() {
        let anchor = Anchor { sample: sample(u64::MAX - 10, 1 << 62), rate: (1 << 40) - 1 };
        let latest = anchor.count_on(anchor.sample.ticks.wrapping_add(LIFETIME - 1));
        assert_eq!(latest, Some((1 << 62) + (((LIFETIME - 1) * anchor.rate) >> 32)));
    }

    #[test]
    fn a_rate_takes_its_time_and_must_be_plausible() {
        let first = sample(1_000, 50);
        let after = |ticks, nanos| rate(first, sample(1_000 + ticks, 50 + nanos));
        assert_eq!(after(2 * BASELINE - 2, BASELINE - 1), None);
        assert_eq!(after(2 * BASELINE, BASELINE), Some(RATE));
        assert_eq!(after(0, BASELINE), Some(UNSTEADY), "a counter that stands still");
        assert_eq!(after(1 << 10, BASELINE), Some(UNSTEADY), "one that is too slow");
        assert_eq!(rate(first, sample(999, 50 + BASELINE)), Some(UNSTEADY), "one that goes back");
    }

    #[test]
    fn an_anchor_is_held_against_the_system() {
        let anchor = Anchor { sample: sample(1_000, 50), rate: RATE };
        let second = 1_000_000_000;
        let later = |off: u64| sample(1_000 + 2 * second, 50 + second + off);
        assert!(anchor.led_to(later(0)));
        assert!(anchor.led_to(later(second / 1_000)), "slewed by NTP");
        assert!(!anchor.led_to(later(second / 100)), "another frequency");
        assert!(!anchor.led_to(sample(500, 50 + second)), "another processor, whose counter is behind");
    }

    #[test]
    fn it_shows_what_the_system_shows() {
        fn system() -> u64 {
            static EPOCH: OnceLock<Instant> = OnceLock::new();
            let since = EPOCH.get_or_init(Instant::now).elapsed();
            u64::try_from(since.as_nanos()).expect("the test takes no centuries")
        }
        // Past the baseline, through several anchors, and behind a pause that outlives them.
        let end = Instant::now() + Duration::from_millis(120);
        let mut counted_on = 0;
        while Instant::now() < end {
            let before = system();
            let anchored = ANCHOR.get().count_on(ticks()).is_some();
            let now = now(system);
            let after = system();
            counted_on += u32::from(anchored);
            assert!(before <= now + 100_000 && now <= after + 100_000, "{before} {now} {after}");
        }
        let steady = super::RATE.load(Ordering::Relaxed) != UNSTEADY;
        assert!(counted_on > 0 || !steady, "a steady counter is used");
        std::thread::sleep(Duration::from_millis(20));
        assert!(ANCHOR.get().count_on(ticks()).is_none());
        assert!(now(system) >= 120_000_000);
    }
}
