//! The configurations that the source line of a shared thing declares, one after the other.

use std::{
    panic::Location,
    // The lock is the standard library's, because no lock-free decision depends on it.
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::sync::atomic::{AtomicBool, Ordering};

/// The earlier configurations of a shared thing.
#[derive(Debug)]
pub(crate) struct EarlierConfigs<C>(Mutex<Vec<C>>);

impl<C> Default for EarlierConfigs<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// A line with so many values surely stands for more than one object.
pub(crate) const MOST_VALUES: usize = 64;

impl<C> EarlierConfigs<C> {
    /// Calls `change`, so that no value of a line overwrites the change. Later values of the line
    /// are taken.
    #[cfg(feature = "config")]
    pub(crate) fn change(&self, change: impl FnOnce()) {
        let _earlier = self.lock();
        change();
    }

    /// Every change of the configuration holds this lock, so that one change does not overwrite
    /// another.
    fn lock(&self) -> MutexGuard<'_, Vec<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The result of all declarations of one thing so far.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    /// No line changes the configuration any more, because `reconfigure` was called, or because
    /// objects with different values stand at one line.
    are_over: AtomicBool,
    /// The program changed the configuration by hand.
    are_ended_by_hand: AtomicBool,
    /// A second line with another configuration was reported.
    have_clashed: AtomicBool,
}

/// The decision over another value of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewValue {
    /// Declarations are over, or another thread was faster with the same value.
    Ignored,
    /// The thing takes the value.
    Taken,
    /// The line had the value before: objects with different values take turns, so declarations are
    /// over.
    TakesTurns,
}

impl Declarations {
    /// Decides over `config`, another value of the line. `is_active` is true for the configuration
    /// that the thing has, and `take` takes one and returns the one before.
    pub(crate) fn decide<C: PartialEq>(
        &self,
        earlier: &EarlierConfigs<C>,
        config: &C,
        is_active: impl FnOnce(&C) -> bool,
        take: impl FnOnce(&C) -> C,
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
    pub(crate) fn end<C>(&self, earlier: &EarlierConfigs<C>, change: impl FnOnce()) {
        let _earlier = earlier.lock();
        self.are_over.store(true, Ordering::Relaxed);
        self.are_ended_by_hand.store(true, Ordering::Relaxed);
        change();
    }

    /// True for the first configuration of another line.
    pub(crate) fn clash(&self) -> bool {
        !self.are_over()
            && !self.have_clashed.load(Ordering::Relaxed)
            && !self.have_clashed.swap(true, Ordering::Relaxed)
    }

    /// True if the program changed the configuration by hand. The values of a file are not asked.
    #[cfg(not(feature = "config"))]
    pub(crate) fn are_ended_by_hand(&self) -> bool {
        self.are_ended_by_hand.load(Ordering::Relaxed)
    }

    pub(crate) fn are_over(&self) -> bool {
        self.are_over.load(Ordering::Relaxed)
    }
}

/// True if both are of one source line. The column does not matter, because a line may declare a
/// thing twice.
pub(crate) fn is_same_line(one: &Location<'_>, other: &Location<'_>) -> bool {
    one.line() == other.line() && one.file() == other.file()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A shared thing with a configuration of one number.
    struct Line {
        declarations: Declarations,
        earlier: EarlierConfigs<u32>,
        active: Cell<u32>,
    }

    impl Line {
        fn new(config: u32) -> Self {
            Self {
                declarations: Declarations::default(),
                earlier: EarlierConfigs::default(),
                active: Cell::new(config),
            }
        }

        fn declare(&self, config: u32) -> NewValue {
            let is_active = |config: &u32| self.active.get() == *config;
            let take = |config: &u32| self.active.replace(*config);
            self.declarations
                .decide(&self.earlier, &config, is_active, take)
        }
    }

    #[test]
    fn a_new_value_is_taken_until_an_earlier_one_returns() {
        let line = Line::new(1);
        assert_eq!(line.declare(2), NewValue::Taken);
        assert_eq!(line.declare(2), NewValue::Ignored, "it is active");
        assert_eq!(line.declare(3), NewValue::Taken);
        assert_eq!(line.declare(1), NewValue::TakesTurns);
        assert_eq!(line.active.get(), 3, "the present one stays");
        assert_eq!(line.declare(4), NewValue::Ignored, "from then on");
    }

    #[test]
    fn a_line_with_ever_new_values_stands_for_many_objects() {
        let line = Line::new(1);
        let taken = (2..).take_while(|&config| line.declare(config) == NewValue::Taken);
        assert_eq!(taken.count(), MOST_VALUES);
    }

    #[test]
    fn after_a_change_by_hand_no_line_is_listened_to() {
        let line = Line::new(1);
        line.declarations.end(&line.earlier, || line.active.set(7));
        assert_eq!(line.declare(2), NewValue::Ignored);
        assert!(!line.declarations.clash());
        assert_eq!(line.active.get(), 7);
    }

    #[test]
    fn only_the_first_clash_is_told() {
        let line = Line::new(1);
        assert!(line.declarations.clash());
        assert!(!line.declarations.clash());
    }
}
