use std::time::Duration;

use super::{moments::Moments, *};
use crate::CircuitBreakerConfig;

const START: u64 = 1 << 62;

fn counting(threshold: u32, window: u64) -> (ActiveConfig, Window) {
    let config = CircuitBreakerConfig::new()
        .failure_threshold(threshold)
        .failure_window(Duration::from_nanos(window));
    let config = ActiveConfig::new(&config);
    let window = Window::new(&config);
    (config, window)
}

fn rating(rate: f64, minimum: u32, window: u64) -> (ActiveConfig, Window) {
    let config = CircuitBreakerConfig::new()
        .failure_rate(rate)
        .minimum_calls(minimum)
        .failure_window(Duration::from_nanos(window));
    let config = ActiveConfig::new(&config);
    let window = Window::new(&config);
    (config, window)
}

#[test]
fn a_failure_counts_while_its_age_is_below_the_window() {
    let (config, mut window) = counting(2, 100);
    window.failure(&config, START, false);
    assert_eq!(window.failures(&config, START + 99), 1);
    assert_eq!(window.failure(&config, START + 100, false), None);
    assert!(window.failure(&config, START + 199, false).is_some());
}

#[test]
fn no_more_moments_are_kept_than_can_matter() {
    let (config, mut window) = counting(3, 1_000_000);
    for moment in 0..100 {
        window.failure(&config, START + moment, false);
    }
    assert_eq!(window.failures(&config, START + 100), 3);
    let Window::Failures(Failures::Moments(moments)) = &window else {
        unreachable!("a threshold keeps moments")
    };
    assert!(moments.capacity() <= 8);
}

#[test]
fn a_moment_that_arrives_late_is_forgotten_in_its_turn() {
    let (config, mut window) = counting(5, 100);
    window.failure(&config, START + 50, false);
    window.failure(&config, START + 10, false);
    window.failure(&config, START + 60, false);
    assert_eq!(window.failures(&config, START + 60), 3);
    assert_eq!(window.failures(&config, START + 110), 2);
    assert_eq!(window.failures(&config, START + 150), 1);
    assert_eq!(window.failures(&config, START), 1);
}

/// A failure as the circuit records it: by adding its moment alone if that is enough. True if the
/// circuit opens.
fn failed(window: &mut Window, config: &ActiveConfig, now: u64) -> bool {
    !window.add_failure(config, now) && window.failure(config, now, false).is_some()
}

/// Numbers below `limit` that are the same in each run.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |limit| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % limit
    }
}

#[test]
fn a_threshold_opens_as_the_list_of_all_failures_says() {
    const SPAN: u64 = 40;
    const TRACES: u64 = if cfg!(miri) { 10 } else { 2_000 };
    let mut opened = 0;
    for seed in 1..=TRACES {
        let mut below = numbers(seed);
        let threshold = u32::try_from(1 + below(20)).expect("it is small");
        let (config, mut window) = counting(threshold, SPAN);
        let (mut all, mut clock, mut latest) = (Vec::new(), START, 0);
        for _ in 0..200 {
            clock += below(4) * below(4);
            if below(8) == 0 {
                latest = clock;
                all.retain(|moment| latest - moment < SPAN);
                assert_eq!(window.failures(&config, clock) as usize, all.len());
            }
            // A thread may have read the clock before others that had the lock first.
            let now = clock - below(3) * below(4);
            latest = latest.max(now);
            all.push(now);
            all.retain(|moment| latest - moment < SPAN);
            let opens = all.len() >= threshold as usize;
            assert_eq!(failed(&mut window, &config, now), opens, "{seed}");
            if opens {
                opened += 1;
                window.clear();
                all.clear();
            }
        }
    }
    assert!(opened > TRACES / 2, "{opened} openings");
}

#[test]
fn a_clock_that_goes_back_loses_no_failure_of_a_threshold() {
    let (config, mut window) = counting(3, 100);
    assert!(!failed(&mut window, &config, START + 10_000));
    assert!(!failed(&mut window, &config, START));
    assert!(failed(&mut window, &config, START + 1));
}

/// Moments that had left the window were counted with the moment of a thread that read the clock a
/// whole window ago.
#[test]
fn a_failure_that_is_late_by_a_whole_window_brings_back_none_that_have_left() {
    let (config, mut window) = counting(3, 100);
    assert!(!failed(&mut window, &config, START + 1_000));
    assert!(!failed(&mut window, &config, START + 2_000));
    assert!(!failed(&mut window, &config, START + 500));
    assert_eq!(window.failures(&config, START + 2_000), 1);
    assert!(!failed(&mut window, &config, START + 2_001));
    assert!(failed(&mut window, &config, START + 2_002));
}

/// Each moment that came after a later one took new room for the whole list.
#[test]
fn moments_that_arrive_late_seldom_take_new_room() {
    let (config, mut window) = counting(2_000, u64::MAX);
    let mut capacities = std::collections::BTreeSet::new();
    for moment in 0..1_999 {
        assert!(!failed(&mut window, &config, START + (moment ^ 1)));
        let Window::Failures(Failures::Moments(moments)) = &window else {
            unreachable!("a threshold keeps moments")
        };
        capacities.insert(moments.capacity());
    }
    assert!(capacities.len() <= 20, "{capacities:?}");
}

#[test]
fn a_list_of_failures_has_room_for_twice_the_window_at_most() {
    const FAILURES: u64 = if cfg!(miri) { 2_000 } else { 100_000 };
    let (config, mut window) = counting(1_000, 100);
    for moment in 0..FAILURES {
        assert!(!failed(&mut window, &config, START + moment));
    }
    let Window::Failures(Failures::Moments(moments)) = &window else {
        unreachable!("a threshold keeps moments")
    };
    assert!(moments.capacity() <= 256, "{}", moments.capacity());
}

#[test]
fn a_window_for_ever_forgets_nothing() {
    let forever = CircuitBreakerConfig::new().failure_window(Duration::MAX);
    let config = ActiveConfig::new(&forever);
    let mut window = Window::new(&config);
    window.failure(&config, 0, false);
    assert_eq!(window.failures(&config, u64::MAX - 1), 1);
    let config = ActiveConfig::new(&forever.failure_rate(0.5).minimum_calls(1));
    let mut window = Window::new(&config);
    window.failure(&config, START, false);
    assert_eq!(window.rate(&config, START + (1 << 32)), Some(1.0));
}

#[test]
fn a_rate_is_over_at_the_rate_itself() {
    for (rate, failures, calls) in [(0.1, 3, 30), (0.5, 10, 20), (1.0, 20, 20), (0.7, 14, 20)] {
        for successes in [calls - failures, calls - failures + 1] {
            let (config, mut window) = rating(rate, 20, 1_200);
            for _ in 0..successes {
                window.success(&config, START, false);
            }
            for _ in 1..failures {
                assert_eq!(window.failure(&config, START, false), None, "below {rate}");
            }
            let reached = successes + failures == calls;
            assert_eq!(
                window.failure(&config, START, false).is_some(),
                reached,
                "{failures} beside {successes} for {rate}"
            );
        }
    }
}

#[test]
fn a_rate_says_nothing_below_the_minimum_of_calls() {
    let (config, mut window) = rating(0.5, 3, 1_200);
    window.failure(&config, START, false);
    window.failure(&config, START, false);
    assert_eq!(window.rate(&config, START), None);
    window.failure(&config, START, false);
    assert_eq!(window.rate(&config, START), Some(1.0));
}

#[test]
fn slices_slide_out_one_by_one() {
    let (config, mut window) = rating(0.5, 1, 1_200);
    let start = START - START % 100;
    window.failure(&config, start, false);
    window.success(&config, start + 600, false);
    assert_eq!(window.rate(&config, start + 1_199), Some(0.5));
    assert_eq!(window.rate(&config, start + 1_200), Some(0.0));
    assert_eq!(window.rate(&config, start + 1_800), None);
    window.failure(&config, start + 1_000_000, false);
    assert_eq!(window.rate(&config, start + 1_000_000), Some(1.0));
}

#[test]
fn a_clock_that_goes_back_loses_no_call_in_a_rate() {
    let (config, mut window) = rating(0.5, 1, 1_200);
    window.success(&config, START + 10_000, false);
    window.failure(&config, START, false);
    assert_eq!(window.rate(&config, START), Some(0.5));
}

#[test]
fn every_kind_takes_the_same_room_in_the_circuit() {
    assert_eq!(size_of::<Window>(), size_of::<Moments>());
}

#[test]
fn clearing_empties_both_kinds() {
    for (config, mut window) in [counting(5, 1_200), rating(0.5, 1, 1_200)] {
        window.failure(&config, START, false);
        window.clear();
        assert_eq!(window.failures(&config, START), 0);
        window.failure(&config, START + 1, false);
        assert_eq!(window.failures(&config, START + 1), 1);
    }
}

#[test]
fn a_window_narrower_than_its_slices_still_slides() {
    let (config, mut window) = rating(0.5, 1, 1);
    window.failure(&config, START, false);
    assert_eq!(window.rate(&config, START), Some(1.0));
    assert_eq!(window.failures(&config, START + 16), 0);
}

fn made(config: CircuitBreakerConfig) -> (ActiveConfig, Window) {
    let config = ActiveConfig::new(&config);
    let window = Window::new(&config);
    (config, window)
}

#[test]
fn a_row_and_a_window_of_calls_are_fresh_again_only_by_a_call() {
    let rated = CircuitBreakerConfig::new()
        .failure_rate(1.0)
        .window_calls(2);
    let in_row = CircuitBreakerConfig::new().consecutive_failures(3);
    for (config, mut window) in [made(in_row), made(rated)] {
        assert_eq!(window.fresh_at(&config, START), 0);
        window.failure(&config, START, false);
        assert_eq!(window.fresh_at(&config, START + (1 << 50)), NEVER);
        window.success(&config, START, false);
        window.success(&config, START, false);
        assert_eq!(window.fresh_at(&config, START), 0);
    }
}

#[test]
fn a_window_of_slow_calls_is_fresh_when_they_are_gone() {
    let second = Duration::from_secs(1);
    let (config, mut window) = made(
        CircuitBreakerConfig::new()
            .slow_call(second)
            .slow_rate(1.0)
            .failure_window(second * 12),
    );
    assert_eq!(window.fresh_at(&config, START), 0);
    window.success(&config, START, true);
    let fresh_at = window.fresh_at(&config, START);
    assert!(fresh_at > START && fresh_at <= START + 13_000_000_000);
    assert_eq!(window.fresh_at(&config, fresh_at), 0);
}

#[test]
fn each_window_starts_empty_only_if_its_own_kind_or_length_changes() {
    let second = Duration::from_secs(1);
    let before = CircuitBreakerConfig::new()
        .failure_threshold(5)
        .slow_call(second)
        .slow_rate(1.0)
        .minimum_calls(1);
    for (after, failures, slow) in [
        (before.failure_threshold(9), 1, Some(0.5)),
        (before.slow_rate(0.9), 1, Some(0.5)),
        (before.window_calls(5), 1, None),
        (before.failure_window(second), 0, None),
        (before.consecutive_failures(5), 0, Some(0.5)),
        (before.failure_rate(0.5), 0, Some(0.5)),
        (CircuitBreakerConfig::new(), 1, None),
    ] {
        let (active, mut window) = made(before);
        window.failure(&active, START, false);
        window.success(&active, START, true);
        let kinds = WindowKinds::of(&active);
        active.store(&after);
        window.reconfigure(&active, kinds, 1);
        let now = (
            window.failures(&active, START),
            window.slow_rate(&active, START),
        );
        assert_eq!(now, (failures, slow), "{after:?}");
    }
}
