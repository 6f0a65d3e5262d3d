//! For how long a circuit is open.

use super::active_config::ActiveConfig;
use crate::clock::NEVER;

/// The inputs of one opening for its open time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Opening {
    /// The nanoseconds that the error of the opening call asks for.
    pub(super) hint: Option<u64>,
    /// A number from `[0, 1)`, for the jitter.
    pub(super) random: f64,
}

/// The nanoseconds from an opening until a call probes. `reopenings` counts the openings from
/// half-open since the circuit was closed last, this one included.
///
/// A hint replaces the time that grows. Jitter comes last, so a circuit never probes before the
/// moment that the hint named.
pub(super) fn open_time(config: &ActiveConfig, reopenings: u32, opening: Opening) -> u64 {
    let longest = config.max_recovery_timeout();
    let shortest = config.recovery_timeout().min(longest);
    let open_time = match opening.hint {
        Some(hint) => hint.clamp(shortest, longest),
        None => grown(shortest, config.recovery_multiplier(), reopenings).min(longest),
    };
    let added = scaled(open_time, config.recovery_jitter() * opening.random);
    open_time.saturating_add(added)
}

/// `time`, longer by the factor for each opening from half-open.
fn grown(time: u64, multiplier: f64, reopenings: u32) -> u64 {
    // Most circuits do not grow, and a whole number of nanoseconds stays exact.
    if reopenings == 0 || multiplier <= 1.0 {
        return time;
    }
    scaled(
        time,
        multiplier.powi(i32::try_from(reopenings).unwrap_or(i32::MAX)),
    )
}

/// A time that never ends stays as it is, unless the factor is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the factor is positive, the conversion saturates, and 104 days are exact to the nanosecond"
)]
fn scaled(time: u64, factor: f64) -> u64 {
    if factor <= 0.0 {
        0
    } else if time == NEVER {
        NEVER
    } else {
        (time as f64 * factor) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::CircuitBreakerConfig;

    const SECOND: u64 = 1_000_000_000;
    const CONFIG: CircuitBreakerConfig =
        CircuitBreakerConfig::new().recovery_timeout(Duration::from_secs(30));
    const GROWING: CircuitBreakerConfig = CONFIG.recovery_multiplier(2.0);
    const ALMOST_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

    fn seconds(
        config: CircuitBreakerConfig,
        reopenings: u32,
        hint: Option<u64>,
        random: f64,
    ) -> u64 {
        let hint = hint.map(|seconds| seconds.saturating_mul(SECOND));
        let opening = Opening { hint, random };
        open_time(&ActiveConfig::new(&config), reopenings, opening) / SECOND
    }

    #[test]
    fn it_grows_with_each_opening_from_half_open_up_to_the_longest() {
        let grown = |config, reopenings| seconds(config, reopenings, None, 0.9);
        assert_eq!(
            [0, 1, 2, 3, 4, 5, u32::MAX].map(|reopenings| grown(GROWING, reopenings)),
            [30, 60, 120, 240, 480, 600, 600]
        );
        let config = GROWING.max_recovery_timeout(Duration::from_secs(100));
        assert_eq!(
            [0, 1, 2].map(|reopenings| grown(config, reopenings)),
            [30, 60, 100]
        );
        assert_eq!(grown(CONFIG, u32::MAX), 30, "without a multiplier");
        assert_eq!(grown(CONFIG.recovery_multiplier(f64::MAX), 2), 600);
    }

    #[test]
    fn a_recovery_timeout_above_the_longest_is_capped_and_above_its_default_is_not() {
        let config = CONFIG.max_recovery_timeout(Duration::from_secs(10));
        assert_eq!(seconds(config, 0, None, 0.0), 10);
        let hour = GROWING.recovery_timeout(Duration::from_secs(3_600));
        assert_eq!(seconds(hour, 1, None, 0.0), 3_600);
    }

    #[test]
    fn a_hint_is_limited_to_the_range_of_the_two_times() {
        for (hint, expected) in [
            (0, 30),
            (29, 30),
            (31, 31),
            (600, 600),
            (601, 600),
            (u64::MAX, 600),
        ] {
            assert_eq!(seconds(CONFIG, 0, Some(hint), 0.0), expected);
            let grown = seconds(GROWING, 3, Some(hint), 0.0);
            assert_eq!(grown, expected, "it replaces the grown time");
        }
        let crossed = CONFIG.max_recovery_timeout(Duration::from_secs(10));
        assert_eq!(seconds(crossed, 0, Some(20), 0.0), 10);
    }

    #[test]
    fn jitter_adds_up_to_its_share_and_above_the_longest_too() {
        let config = GROWING.recovery_jitter(0.5);
        assert_eq!(seconds(config, 0, None, 0.0), 30);
        assert_eq!(seconds(config, 0, None, 0.5), 37);
        assert_eq!(seconds(config, 0, None, ALMOST_ONE), 44);
        assert_eq!(seconds(config, 9, None, ALMOST_ONE), 899);
        assert_eq!(seconds(config, 0, Some(100), 0.5), 125);
    }

    #[test]
    fn never_stays_never() {
        let never = CONFIG.recovery_timeout(Duration::MAX);
        for config in [
            never,
            never.recovery_multiplier(2.0),
            never.recovery_jitter(1.0),
        ] {
            let config = ActiveConfig::new(&config);
            for (reopenings, random) in [(0, 0.0), (1, 0.5), (9, ALMOST_ONE)] {
                let opening = Opening { hint: None, random };
                assert_eq!(open_time(&config, reopenings, opening), NEVER);
            }
        }
        let long = CONFIG.max_recovery_timeout(Duration::MAX);
        let long = ActiveConfig::new(&long.recovery_multiplier(1e300));
        assert_eq!(open_time(&long, 5, Opening::default()), NEVER);
    }
}
