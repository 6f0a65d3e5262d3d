use super::*;
use std::panic::catch_unwind;

const SECOND: Duration = Duration::from_secs(1);

fn panic_text(f: impl FnOnce() -> RetryConfig + std::panic::UnwindSafe) -> String {
    let panic = catch_unwind(f).expect_err("a wrong value was accepted");
    panic.downcast_ref::<String>().expect("a sentence").clone()
}

#[test]
fn every_setter_works_in_a_const() {
    const CONFIG: RetryConfig = RetryConfig::new()
        .max_retries(9)
        .max_attempts(5)
        .strategy(Strategy::Linear)
        .base_delay(Duration::ZERO)
        .max_delay(SECOND)
        .constant_delays(SECOND, SECOND)
        .multiplier(1.0)
        .jitter(Jitter::None)
        .max_elapsed(SECOND)
        .retry_refused(true);
    assert_eq!(CONFIG.get_max_retries(), 4);
    assert_eq!(
        (CONFIG.get_strategy(), CONFIG.get_multiplier()),
        (Strategy::Linear, 1.0)
    );
    assert_eq!(
        (CONFIG.get_base_delay(), CONFIG.get_max_delay()),
        (SECOND, SECOND)
    );
    assert_eq!(CONFIG.get_jitter(), Jitter::None);
    assert_eq!(CONFIG.get_max_elapsed(), Some(SECOND));
    assert!(CONFIG.get_retry_refused());
}

#[test]
fn defaults_are_those_documented() {
    let config = RetryConfig::default();
    assert_eq!(config.get_max_attempts(), 4);
    assert_eq!(
        (config.get_strategy(), config.get_multiplier()),
        (Strategy::default(), 2.0)
    );
    assert_eq!(config.get_jitter(), Jitter::default());
    assert_eq!(
        (config.get_base_delay(), config.get_max_delay()),
        (SECOND, 60 * SECOND)
    );
    assert_eq!(config.get_max_elapsed(), None);
    assert!(!config.get_retry_refused());
}

#[test]
fn an_unset_delay_gives_way_to_the_one_that_was_set() {
    let slow = RetryConfig::new().base_delay(90 * SECOND);
    assert_eq!(
        (slow.get_base_delay(), slow.get_max_delay()),
        (90 * SECOND, 90 * SECOND)
    );
    let quick = RetryConfig::new().max_delay(SECOND / 2);
    assert_eq!(
        (quick.get_base_delay(), quick.get_max_delay()),
        (SECOND / 2, SECOND / 2)
    );
}

#[test]
fn a_base_above_the_cap_is_capped_in_either_order() {
    let new = RetryConfig::new;
    let capped = new().base_delay(5 * SECOND).max_delay(2 * SECOND);
    assert_eq!(capped, new().max_delay(2 * SECOND).base_delay(5 * SECOND));
    assert_eq!(
        [1, 2, 9].map(|attempt| capped.delay(attempt)),
        [2 * SECOND; 3]
    );
    // The cap may be raised later.
    assert_eq!(capped.max_delay(60 * SECOND).delay(1), 5 * SECOND);
}

#[test]
fn a_constant_base_above_a_constant_cap_is_a_mistake() {
    assert_eq!(
        panic_text(|| RetryConfig::new().constant_delays(2 * SECOND, SECOND)),
        "`base_delay` must not be longer than `max_delay`: lower `base_delay` or raise `max_delay`"
    );
}

#[test]
fn wrong_numbers_are_refused() {
    let new = RetryConfig::new;
    assert!(panic_text(|| new().max_attempts(0)).starts_with("`max_attempts` must be at least 1"));
    assert!(
        panic_text(|| new().max_elapsed(Duration::ZERO))
            .starts_with("`max_elapsed` must be longer")
    );
    for wrong in [0.0, 0.99, -2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(
            panic_text(|| new().multiplier(wrong))
                .starts_with("`multiplier` must be a finite number")
        );
    }
}

#[test]
fn the_largest_count_does_not_overflow() {
    assert_eq!(
        RetryConfig::new().max_retries(u32::MAX).get_max_attempts(),
        u32::MAX
    );
}
