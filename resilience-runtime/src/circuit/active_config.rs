//! The configuration that a circuit has now.

// The atomics are the standard library's, because the decisions read them under the lock of the
// machine: the models would only take longer.
use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    config::{CircuitBreakerConfig, Criterion},
    seldom::{SETTINGS, Seldom},
};
use crate::{
    by_name::EarlierConfigs,
    clock::{nanos, span},
};

/// The configuration of a circuit, in words. They are written under the lock of the machine and
/// read with or without it.
///
/// A reader without the lock may see one setting of before a change and another of after it. Times
/// are in nanoseconds, as the machine counts; a time of more than 584 years never ends.
#[derive(Debug)]
pub(super) struct ActiveConfig {
    criterion: AtomicU64,
    /// `minimum_calls` above `success_threshold`.
    counts: AtomicU64,
    /// Two flags and `window_calls`, or 0 without, above `half_open_max_calls`.
    calls: AtomicU64,
    failure_window: AtomicU64,
    recovery_timeout: AtomicU64,
    /// 0 without a limit, because a limit is never zero.
    slow_call: AtomicU64,
    /// The rest of the settings, and all that few circuits have.
    pub(super) seldom: Seldom,
}

/// Set beside a number of failures. The bits of a rate are below it, because a rate is positive.
const COUNT: u64 = 1 << 63;
/// Set beside a number of failures in a row.
const CONSECUTIVE: u64 = 1 << 62;

/// The circuit opens by the share of slow calls. A decision reads this flag first, because few
/// circuits do, and the share itself lies further away.
const HAS_SLOW_RATE: u64 = 1 << 63;
/// The open time is jittered.
const HAS_JITTER: u64 = 1 << 62;
/// The bits of `window_calls` in the upper half.
const WINDOW_CALLS: u32 = 0xFFFF;

/// The places of the settings that few circuits change.
const SLOW_RATE: usize = 0;
const RECOVERY_MULTIPLIER: usize = 1;
const MAX_RECOVERY_TIMEOUT: usize = 2;
const RECOVERY_JITTER: usize = 3;

/// The bits of the default multiplier. A multiplier is kept as its difference from them, because
/// the default of a setting in [`Seldom`] is 0.
const NO_GROWTH: u64 = 1_f64.to_bits();

impl ActiveConfig {
    pub(super) fn new(config: &CircuitBreakerConfig) -> Self {
        let [
            criterion,
            counts,
            calls,
            failure_window,
            recovery_timeout,
            slow_call,
        ] = words(config).map(AtomicU64::new);
        let active = Self {
            criterion,
            counts,
            calls,
            failure_window,
            recovery_timeout,
            slow_call,
            seldom: Seldom::default(),
        };
        active.store_seldom(config);
        active
    }

    fn words(&self) -> [&AtomicU64; 6] {
        [
            &self.criterion,
            &self.counts,
            &self.calls,
            &self.failure_window,
            &self.recovery_timeout,
            &self.slow_call,
        ]
    }

    /// True if the circuit has this configuration.
    #[inline]
    pub(super) fn is(&self, config: &CircuitBreakerConfig) -> bool {
        let mut pairs = self.words().into_iter().zip(words(config));
        let is_same = pairs.all(|(word, expected)| word.load(Ordering::Relaxed) == expected);
        is_same && self.seldom_words() == seldom_words(config)
    }

    pub(super) fn store(&self, config: &CircuitBreakerConfig) {
        for (word, value) in self.words().into_iter().zip(words(config)) {
            word.store(value, Ordering::Relaxed);
        }
        self.store_seldom(config);
    }

    fn store_seldom(&self, config: &CircuitBreakerConfig) {
        let words = seldom_words(config);
        if words == [0; SETTINGS] && self.seldom.get().is_none() {
            return;
        }
        let settings = &self.seldom.get_or_make().settings;
        for (word, value) in settings.iter().zip(words) {
            word.store(value, Ordering::Relaxed);
        }
    }

    #[inline]
    fn seldom_words(&self) -> [u64; SETTINGS] {
        match self.seldom.get() {
            Some(parts) => [0, 1, 2, 3].map(|at| parts.settings[at].load(Ordering::Relaxed)),
            None => [0; SETTINGS],
        }
    }

    #[inline]
    fn seldom_word(&self, at: usize) -> u64 {
        match self.seldom.get() {
            Some(parts) => parts.settings[at].load(Ordering::Relaxed),
            None => 0,
        }
    }

    /// The configurations that the circuit had before.
    pub(super) fn earlier(&self) -> &EarlierConfigs<CircuitBreakerConfig> {
        &self.seldom.get_or_make().earlier_configs
    }

    pub(super) fn load(&self) -> CircuitBreakerConfig {
        let mut config = CircuitBreakerConfig::new()
            .failure_window(span(self.failure_window()))
            .minimum_calls(high(self.counts.load(Ordering::Relaxed)))
            .recovery_timeout(span(self.recovery_timeout.load(Ordering::Relaxed)))
            .recovery_multiplier(self.recovery_multiplier())
            .recovery_jitter(self.recovery_jitter())
            .success_threshold(self.success_threshold())
            .half_open_max_calls(self.half_open_max_calls());
        config = match self.criterion() {
            Criterion::Count(failures) => config.failure_threshold(failures),
            Criterion::Rate(rate) => config.failure_rate(rate),
            Criterion::Consecutive(failures) => config.consecutive_failures(failures),
        };
        if let Some(calls) = self.window_calls() {
            config = config.window_calls(calls);
        }
        if let longest @ 1.. = self.seldom_word(MAX_RECOVERY_TIMEOUT) {
            config = config.max_recovery_timeout(span(longest));
        }
        if let limit @ 1.. = self.slow_call() {
            config = config.slow_call(span(limit));
        }
        if let share @ 1.. = self.seldom_word(SLOW_RATE) {
            config = config.slow_rate(f64::from_bits(share));
        }
        config
    }

    #[inline]
    pub(super) fn criterion(&self) -> Criterion {
        let word = self.criterion.load(Ordering::Relaxed);
        if word & COUNT == 0 {
            Criterion::Rate(f64::from_bits(word))
        } else if word & CONSECUTIVE != 0 {
            Criterion::Consecutive(low(word))
        } else {
            Criterion::Count(low(word))
        }
    }

    /// True if the circuit opens by failures in a row, so that a success changes what it counts.
    pub(super) fn counts_a_row(&self) -> bool {
        matches!(self.criterion(), Criterion::Consecutive(_))
    }

    /// The number of failures that opens the circuit, for a criterion that is a number.
    #[inline]
    pub(super) fn failure_limit(&self) -> u32 {
        low(self.criterion.load(Ordering::Relaxed))
    }

    /// The rate of failures that opens the circuit, for a criterion that is a rate.
    #[inline]
    pub(super) fn failure_rate(&self) -> f64 {
        f64::from_bits(self.criterion.load(Ordering::Relaxed))
    }

    /// True if successes enter a window, because the circuit opens by a share of the calls.
    #[inline]
    pub(super) fn is_rated(&self) -> bool {
        self.criterion.load(Ordering::Relaxed) & COUNT == 0 || self.has_slow_rate()
    }

    /// True if the circuit opens by the share of slow calls. It does not without a limit for calls.
    #[inline]
    pub(super) fn has_slow_rate(&self) -> bool {
        self.calls.load(Ordering::Relaxed) & HAS_SLOW_RATE != 0
    }

    /// The share of slow calls that opens the circuit.
    pub(super) fn slow_rate(&self) -> Option<f64> {
        self.has_slow_rate()
            .then(|| f64::from_bits(self.seldom_word(SLOW_RATE)))
    }

    #[inline]
    pub(super) fn has_jitter(&self) -> bool {
        self.calls.load(Ordering::Relaxed) & HAS_JITTER != 0
    }

    /// The number of failures that opens the circuit, if no rate does.
    pub(super) fn failure_threshold(&self) -> Option<u32> {
        match self.criterion() {
            Criterion::Count(failures) | Criterion::Consecutive(failures) => Some(failures),
            Criterion::Rate(_) => None,
        }
    }

    pub(super) fn window_calls(&self) -> Option<u32> {
        let calls = high(self.calls.load(Ordering::Relaxed)) & WINDOW_CALLS;
        (calls != 0).then_some(calls)
    }

    /// The number is never above the calls that the window has.
    pub(super) fn minimum_calls(&self) -> u32 {
        let calls = high(self.counts.load(Ordering::Relaxed));
        self.window_calls().map_or(calls, |most| calls.min(most))
    }

    pub(super) fn success_threshold(&self) -> u32 {
        low(self.counts.load(Ordering::Relaxed))
    }

    pub(super) fn half_open_max_calls(&self) -> u32 {
        low(self.calls.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn failure_window(&self) -> u64 {
        self.failure_window.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn recovery_timeout(&self) -> u64 {
        self.recovery_timeout.load(Ordering::Relaxed)
    }

    pub(super) fn recovery_multiplier(&self) -> f64 {
        f64::from_bits(self.seldom_word(RECOVERY_MULTIPLIER) ^ NO_GROWTH)
    }

    /// The longest open time before jitter.
    pub(super) fn max_recovery_timeout(&self) -> u64 {
        match self.seldom_word(MAX_RECOVERY_TIMEOUT) {
            0 => nanos(CircuitBreakerConfig::new().get_max_recovery_timeout())
                .max(self.recovery_timeout()),
            longest => longest,
        }
    }

    pub(super) fn recovery_jitter(&self) -> f64 {
        f64::from_bits(self.seldom_word(RECOVERY_JITTER))
    }

    /// A call that takes longer is too slow; 0 without a limit.
    #[inline]
    pub(super) fn slow_call(&self) -> u64 {
        self.slow_call.load(Ordering::Relaxed)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "`words` put 32 bits there")]
#[inline]
fn low(word: u64) -> u32 {
    word as u32
}

fn high(word: u64) -> u32 {
    low(word >> u32::BITS)
}

fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << u32::BITS | u64::from(low)
}

#[inline]
fn words(config: &CircuitBreakerConfig) -> [u64; 6] {
    let criterion = match config.criterion() {
        Criterion::Count(failures) => COUNT | u64::from(failures),
        Criterion::Rate(rate) => rate.to_bits(),
        Criterion::Consecutive(failures) => COUNT | CONSECUTIVE | u64::from(failures),
    };
    let minimum_calls = config.minimum_calls_as_set();
    let window_calls = config.get_window_calls().unwrap_or(0);
    let has_slow_rate = config.get_slow_rate().is_some() && config.get_slow_call().is_some();
    let has_jitter = config.get_recovery_jitter() > 0.0;
    let slow_rate = u64::from(has_slow_rate) * HAS_SLOW_RATE;
    let jitter = u64::from(has_jitter) * HAS_JITTER;
    [
        criterion,
        pair(minimum_calls, config.get_success_threshold()),
        slow_rate | jitter | pair(window_calls, config.get_half_open_max_calls()),
        nanos(config.get_failure_window()),
        nanos(config.get_recovery_timeout()),
        config.get_slow_call().map_or(0, nanos),
    ]
}

/// The settings that few circuits change. Each is 0 by default.
#[inline]
fn seldom_words(config: &CircuitBreakerConfig) -> [u64; SETTINGS] {
    let mut words = [0; SETTINGS];
    words[SLOW_RATE] = config.get_slow_rate().map_or(0, f64::to_bits);
    words[RECOVERY_MULTIPLIER] = config.get_recovery_multiplier().to_bits() ^ NO_GROWTH;
    words[MAX_RECOVERY_TIMEOUT] = config.max_recovery_timeout_as_set().map_or(0, nanos);
    // Adding zero turns a zero with a sign into one without.
    words[RECOVERY_JITTER] = (config.get_recovery_jitter() + 0.0).to_bits();
    words
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

    #[test]
    fn every_setting_is_kept_and_makes_a_difference() {
        let second = Duration::from_secs(1);
        let configs = [
            CONFIG,
            CONFIG.failure_threshold(u32::MAX),
            CONFIG.failure_rate(f64::MIN_POSITIVE),
            CONFIG.failure_rate(0.5),
            CONFIG.failure_rate(1.0),
            CONFIG.minimum_calls(u32::MAX),
            CONFIG.failure_window(Duration::from_nanos(1)),
            CONFIG.failure_window(Duration::MAX),
            CONFIG.recovery_timeout(second),
            CONFIG.recovery_timeout(Duration::MAX),
            CONFIG.success_threshold(u32::MAX),
            CONFIG.half_open_max_calls(u32::MAX),
            CONFIG.slow_call(second),
            CONFIG.slow_call(Duration::MAX),
            CONFIG.slow_call(second).slow_rate(1.0),
            CONFIG.slow_rate(f64::MIN_POSITIVE),
            CONFIG.consecutive_failures(1),
            CONFIG.consecutive_failures(u32::MAX),
            CONFIG.window_calls(1),
            CONFIG.window_calls(1_024).minimum_calls(u32::MAX),
            CONFIG.recovery_multiplier(2.0),
            CONFIG.recovery_multiplier(f64::MAX),
            CONFIG.max_recovery_timeout(second),
            CONFIG.max_recovery_timeout(Duration::MAX),
            CONFIG.recovery_jitter(0.1),
            CONFIG.recovery_jitter(1.0),
        ];
        for config in configs {
            let active = ActiveConfig::new(&config);
            assert_eq!(active.load(), config);
            let same = configs.iter().filter(|other| active.is(other));
            assert_eq!(same.collect::<Vec<_>>(), [&config]);
            let stored = ActiveConfig::new(&CONFIG);
            stored.store(&config);
            assert_eq!(stored.load(), config);
        }
    }
}
