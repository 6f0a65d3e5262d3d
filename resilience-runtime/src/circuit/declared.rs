//! The configuration that the source line of a circuit declares, and how it changes.

use std::{
    panic::Location,
    // Not from `crate::sync`: no decision of the circuit depends on this lock.
    sync::{Mutex, OnceLock, PoisonError},
};

use super::config::{CircuitBreakerConfig, Criterion};
use crate::{
    clock::nanos,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

/// The configuration that the source line of a circuit declared last.
///
/// An attribute whose settings each call computes is compared with it at each call, so this takes no lock.
#[derive(Debug)]
pub(super) struct Declared {
    words: [AtomicU64; WORDS],
    /// The line's further values are not taken: `reconfigure` was called, or two objects with different values stand at
    /// the line.
    is_final: AtomicBool,
    /// Another line has declared another configuration, which was reported.
    has_clashed: AtomicBool,
    /// The values of the line so far, of the few circuits whose line has had a second.
    earlier: OnceLock<Box<Mutex<Vec<CircuitBreakerConfig>>>>,
}

const WORDS: usize = 6;

/// A line with so many values surely stands for more than one object.
const MOST_VALUES: usize = 64;

/// What becomes of a value that is not the one that was declared last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redeclared {
    /// The line is final, or another thread declared the same value.
    Ignored,
    /// The circuit takes the value.
    Taken,
    /// The line had the value before: objects with different values take turns. The line is final from now on.
    TakesTurns,
}

impl Declared {
    pub(super) fn new(config: &CircuitBreakerConfig) -> Self {
        Self {
            words: words(config).map(AtomicU64::new),
            is_final: AtomicBool::new(false),
            has_clashed: AtomicBool::new(false),
            earlier: OnceLock::new(),
        }
    }

    /// Whether `config` was declared last. While another thread declares one, the answer may be of either.
    #[inline]
    pub(super) fn is(&self, config: &CircuitBreakerConfig) -> bool {
        let mut pairs = self.words.iter().zip(words(config));
        pairs.all(|(word, expected)| word.load(Ordering::Relaxed) == expected)
    }

    /// Decides over another value of the line, and calls `take` with it if the circuit takes it.
    pub(super) fn redeclare(
        &self,
        config: &CircuitBreakerConfig,
        take: impl FnOnce() -> CircuitBreakerConfig,
    ) -> Redeclared {
        if self.is_final.load(Ordering::Relaxed) {
            return Redeclared::Ignored;
        }
        let mut earlier = self.earlier();
        // Once more, because another thread may have decided in between.
        if self.is_final.load(Ordering::Relaxed) || self.is(config) {
            return Redeclared::Ignored;
        }
        if earlier.contains(config) || earlier.len() >= MOST_VALUES {
            self.is_final.store(true, Ordering::Relaxed);
            return Redeclared::TakesTurns;
        }
        earlier.push(take());
        for (word, value) in self.words.iter().zip(words(config)) {
            word.store(value, Ordering::Relaxed);
        }
        Redeclared::Taken
    }

    /// Calls `change` with the line made final, so that no value of the line overwrites the change.
    pub(super) fn finally(&self, change: impl FnOnce()) {
        let _earlier = self.earlier();
        self.is_final.store(true, Ordering::Relaxed);
        change();
    }

    /// Whether this is the first clash with another line.
    pub(super) fn clashes(&self) -> bool {
        !self.has_clashed.load(Ordering::Relaxed) && !self.has_clashed.swap(true, Ordering::Relaxed)
    }

    fn earlier(&self) -> std::sync::MutexGuard<'_, Vec<CircuitBreakerConfig>> {
        let earlier = self.earlier.get_or_init(Box::default);
        earlier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether both are of one source line. The column is none of it: a line may call twice.
pub(super) fn is_same_line(one: &Location<'_>, other: &Location<'_>) -> bool {
    one.line() == other.line() && one.file() == other.file()
}

/// All of a configuration that makes a difference to a circuit.
fn words(config: &CircuitBreakerConfig) -> [u64; WORDS] {
    /// Rates are at most 1.0, whose bits are below this.
    const COUNT: u64 = 1 << 63;
    let criterion = match config.criterion() {
        Criterion::Count(failures) => COUNT | u64::from(failures),
        Criterion::Rate(rate) => rate.to_bits(),
    };
    let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
    [
        criterion,
        pair(config.get_minimum_calls(), config.get_success_threshold()),
        config.get_half_open_max_calls().into(),
        nanos(config.get_failure_window()),
        nanos(config.get_recovery_timeout()),
        // A limit is never zero.
        config.get_slow_call().map_or(0, nanos),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

    #[test]
    fn every_setting_makes_a_difference() {
        let second = Duration::from_secs(1);
        let others = [
            CONFIG.failure_threshold(6),
            CONFIG.failure_rate(0.5),
            CONFIG.failure_rate(1.0),
            CONFIG.minimum_calls(21),
            CONFIG.failure_window(second),
            CONFIG.recovery_timeout(second),
            CONFIG.success_threshold(3),
            CONFIG.half_open_max_calls(2),
            CONFIG.slow_call(second),
        ];
        for (at, config) in others.iter().enumerate() {
            let declared = Declared::new(config);
            assert!(declared.is(config) && !declared.is(&CONFIG), "{config:?}");
            assert!(others[at + 1..].iter().all(|other| !declared.is(other)));
        }
    }

    fn redeclare(declared: &Declared, from: u32, to: u32) -> Redeclared {
        let of = |threshold| CONFIG.failure_threshold(threshold);
        declared.redeclare(&of(to), || of(from))
    }

    #[test]
    fn a_new_value_is_taken_until_an_earlier_one_returns() {
        let declared = Declared::new(&CONFIG.failure_threshold(1));
        assert_eq!(redeclare(&declared, 1, 2), Redeclared::Taken);
        assert_eq!(
            redeclare(&declared, 1, 2),
            Redeclared::Ignored,
            "it is declared"
        );
        assert_eq!(redeclare(&declared, 2, 3), Redeclared::Taken);
        assert_eq!(redeclare(&declared, 3, 1), Redeclared::TakesTurns);
        assert!(
            declared.is(&CONFIG.failure_threshold(3)),
            "the present one stays"
        );
        assert_eq!(
            redeclare(&declared, 3, 4),
            Redeclared::Ignored,
            "from then on"
        );
    }

    #[test]
    fn a_line_with_ever_new_values_stands_for_many_objects() {
        let declared = Declared::new(&CONFIG.failure_threshold(1));
        let taken =
            (1..).take_while(|&now| redeclare(&declared, now, now + 1) == Redeclared::Taken);
        assert_eq!(taken.count(), MOST_VALUES);
    }

    #[test]
    fn a_final_line_is_not_asked_again() {
        let declared = Declared::new(&CONFIG);
        let mut changed = false;
        declared.finally(|| changed = true);
        assert!(changed);
        assert_eq!(redeclare(&declared, 5, 9), Redeclared::Ignored);
    }

    #[test]
    fn only_the_first_clash_is_told() {
        let declared = Declared::new(&CONFIG);
        assert!(declared.clashes() && !declared.clashes());
    }
}
