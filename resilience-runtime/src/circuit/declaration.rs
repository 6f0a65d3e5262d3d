//! The values that the source line of a circuit declares, one after the other.

use std::{
    panic::Location,
    // The lock is the standard library's, because no decision of the circuit depends on it.
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::config::CircuitBreakerConfig;
use crate::sync::atomic::{AtomicBool, Ordering};

/// The earlier configurations of a circuit.
#[derive(Debug, Default)]
pub(super) struct EarlierConfigs(Mutex<Vec<CircuitBreakerConfig>>);

/// A line with so many values surely stands for more than one object.
pub(super) const MOST_VALUES: usize = 64;

impl EarlierConfigs {
    /// Every change of the configuration holds this lock, so that one change does not overwrite
    /// another.
    fn lock(&self) -> MutexGuard<'_, Vec<CircuitBreakerConfig>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The result of all declarations of a circuit so far.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    /// No line changes the configuration any more, because `reconfigure` was called, or because
    /// objects with different values stand at one line.
    are_over: AtomicBool,
    /// A second line with another configuration was reported.
    have_clashed: AtomicBool,
}

/// The decision over another value of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewValue {
    /// Declarations are over, or another thread was faster with the same value.
    Ignored,
    /// The circuit takes the value.
    Taken,
    /// The line had the value before: objects with different values take turns, so declarations are
    /// over.
    TakesTurns,
}

impl Declarations {
    /// Decides over `config`, another value of the line. `is_active` is true for the configuration
    /// that the circuit has, and `take` takes one and returns the one before.
    pub(super) fn decide(
        &self,
        earlier: &EarlierConfigs,
        config: &CircuitBreakerConfig,
        is_active: impl FnOnce(&CircuitBreakerConfig) -> bool,
        take: impl FnOnce(&CircuitBreakerConfig) -> CircuitBreakerConfig,
    ) -> NewValue {
        if self.are_over() {
            return NewValue::Ignored;
        }
        let mut earlier = earlier.lock();
        // This is asked once more, because another thread may have decided before the lock was
        // free.
        if self.are_over() || is_active(config) {
            return NewValue::Ignored;
        }
        if earlier.contains(config) || earlier.len() >= MOST_VALUES {
            self.are_over.store(true, Ordering::Relaxed);
            return NewValue::TakesTurns;
        }
        earlier.push(take(config));
        NewValue::Taken
    }

    /// Ends declarations and calls `change`, so that no value of a line overwrites the change.
    pub(super) fn end(&self, earlier: &EarlierConfigs, change: impl FnOnce()) {
        let _earlier = earlier.lock();
        self.are_over.store(true, Ordering::Relaxed);
        change();
    }

    /// True for the first configuration of another line.
    pub(super) fn clash(&self) -> bool {
        !self.are_over()
            && !self.have_clashed.load(Ordering::Relaxed)
            && !self.have_clashed.swap(true, Ordering::Relaxed)
    }

    pub(super) fn are_over(&self) -> bool {
        self.are_over.load(Ordering::Relaxed)
    }
}

/// True if both are of one source line. The column does not matter, because a line may declare a
/// circuit twice.
pub(super) fn is_same_line(one: &Location<'_>, other: &Location<'_>) -> bool {
    one.line() == other.line() && one.file() == other.file()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A circuit with configurations that differ in the threshold alone.
    struct Line {
        declarations: Declarations,
        earlier: EarlierConfigs,
        active: Cell<CircuitBreakerConfig>,
    }

    fn config(threshold: u32) -> CircuitBreakerConfig {
        CircuitBreakerConfig::new().failure_threshold(threshold)
    }

    impl Line {
        fn new(threshold: u32) -> Self {
            Self {
                declarations: Declarations::default(),
                earlier: EarlierConfigs::default(),
                active: Cell::new(config(threshold)),
            }
        }

        fn declare(&self, threshold: u32) -> NewValue {
            let is_active = |config: &CircuitBreakerConfig| self.active.get() == *config;
            let take = |config: &CircuitBreakerConfig| self.active.replace(*config);
            self.declarations
                .decide(&self.earlier, &config(threshold), is_active, take)
        }
    }

    #[test]
    fn a_new_value_is_taken_until_an_earlier_one_returns() {
        let line = Line::new(1);
        assert_eq!(line.declare(2), NewValue::Taken);
        assert_eq!(line.declare(2), NewValue::Ignored, "it is active");
        assert_eq!(line.declare(3), NewValue::Taken);
        assert_eq!(line.declare(1), NewValue::TakesTurns);
        assert_eq!(line.active.get(), config(3), "the present one stays");
        assert_eq!(line.declare(4), NewValue::Ignored, "from then on");
    }

    #[test]
    fn a_line_with_ever_new_values_stands_for_many_objects() {
        let line = Line::new(1);
        let taken = (2..).take_while(|&threshold| line.declare(threshold) == NewValue::Taken);
        assert_eq!(taken.count(), MOST_VALUES);
    }

    #[test]
    fn after_a_change_by_hand_no_line_is_listened_to() {
        let line = Line::new(1);
        line.declarations
            .end(&line.earlier, || line.active.set(config(7)));
        assert_eq!(line.declare(2), NewValue::Ignored);
        assert!(!line.declarations.clash());
        assert_eq!(line.active.get(), config(7));
    }

    #[test]
    fn only_the_first_clash_is_told() {
        let line = Line::new(1);
        assert!(line.declarations.clash());
        assert!(!line.declarations.clash());
    }
}
