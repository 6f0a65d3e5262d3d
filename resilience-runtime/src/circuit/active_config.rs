//! The configuration that a circuit has now.

// The atomics are the standard library's, because the decisions read them under the lock of the
// machine: the models would only take longer.
use std::sync::atomic::{AtomicU64, Ordering};

use super::config::{CircuitBreakerConfig, Criterion};
use crate::clock::{nanos, span};

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
    half_open_max_calls: AtomicU64,
    failure_window: AtomicU64,
    recovery_timeout: AtomicU64,
    /// 0 without a limit, because a limit is never zero.
    slow_call: AtomicU64,
}

/// Set beside a threshold. The bits of a rate are below it, because a rate is positive.
const COUNT: u64 = 1 << 63;

impl ActiveConfig {
    pub(super) fn new(config: &CircuitBreakerConfig) -> Self {
        let [
            criterion,
            counts,
            half_open_max_calls,
            failure_window,
            recovery_timeout,
            slow_call,
        ] = words(config).map(AtomicU64::new);
        Self {
            criterion,
            counts,
            half_open_max_calls,
            failure_window,
            recovery_timeout,
            slow_call,
        }
    }

    fn words(&self) -> [&AtomicU64; 6] {
        [
            &self.criterion,
            &self.counts,
            &self.half_open_max_calls,
            &self.failure_window,
            &self.recovery_timeout,
            &self.slow_call,
        ]
    }

    /// True if the circuit has this configuration.
    #[inline]
    pub(super) fn is(&self, config: &CircuitBreakerConfig) -> bool {
        let mut pairs = self.words().into_iter().zip(words(config));
        pairs.all(|(word, expected)| word.load(Ordering::Relaxed) == expected)
    }

    pub(super) fn store(&self, config: &CircuitBreakerConfig) {
        for (word, value) in self.words().into_iter().zip(words(config)) {
            word.store(value, Ordering::Relaxed);
        }
    }

    pub(super) fn load(&self) -> CircuitBreakerConfig {
        let config = CircuitBreakerConfig::new()
            .failure_window(span(self.failure_window()))
            .minimum_calls(self.minimum_calls())
            .recovery_timeout(span(self.recovery_timeout()))
            .success_threshold(self.success_threshold())
            .half_open_max_calls(self.half_open_max_calls());
        let config = match self.criterion() {
            Criterion::Count(failures) => config.failure_threshold(failures),
            Criterion::Rate(rate) => config.failure_rate(rate),
        };
        match self.slow_call() {
            0 => config,
            limit => config.slow_call(span(limit)),
        }
    }

    #[inline]
    pub(super) fn criterion(&self) -> Criterion {
        let word = self.criterion.load(Ordering::Relaxed);
        if word & COUNT == 0 {
            Criterion::Rate(f64::from_bits(word))
        } else {
            Criterion::Count(low(word))
        }
    }

    #[inline]
    pub(super) fn is_rated(&self) -> bool {
        self.criterion.load(Ordering::Relaxed) & COUNT == 0
    }

    pub(super) fn failure_threshold(&self) -> Option<u32> {
        match self.criterion() {
            Criterion::Count(failures) => Some(failures),
            Criterion::Rate(_) => None,
        }
    }

    pub(super) fn minimum_calls(&self) -> u32 {
        low(self.counts.load(Ordering::Relaxed) >> u32::BITS)
    }

    pub(super) fn success_threshold(&self) -> u32 {
        low(self.counts.load(Ordering::Relaxed))
    }

    pub(super) fn half_open_max_calls(&self) -> u32 {
        low(self.half_open_max_calls.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn failure_window(&self) -> u64 {
        self.failure_window.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn recovery_timeout(&self) -> u64 {
        self.recovery_timeout.load(Ordering::Relaxed)
    }

    /// A call that takes longer is too slow; 0 without a limit.
    #[inline]
    pub(super) fn slow_call(&self) -> u64 {
        self.slow_call.load(Ordering::Relaxed)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "`words` put 32 bits there")]
fn low(word: u64) -> u32 {
    word as u32
}

#[inline]
fn words(config: &CircuitBreakerConfig) -> [u64; 6] {
    let criterion = match config.criterion() {
        Criterion::Count(failures) => COUNT | u64::from(failures),
        Criterion::Rate(rate) => rate.to_bits(),
    };
    let counts = u64::from(config.get_minimum_calls()) << u32::BITS
        | u64::from(config.get_success_threshold());
    [
        criterion,
        counts,
        config.get_half_open_max_calls().into(),
        nanos(config.get_failure_window()),
        nanos(config.get_recovery_timeout()),
        config.get_slow_call().map_or(0, nanos),
    ]
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
