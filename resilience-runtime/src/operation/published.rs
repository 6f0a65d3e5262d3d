//! The values of the configuration file that hold for a function, published by one word that each
//! call reads.
//!
//! A change adds the values to those that are kept, and then stores their number in the word. A call
//! that reads the number reads the values of that number after it, so the store releases what the
//! load acquires. The word and the values are traits, so that loom runs the same code.

use std::sync::atomic::{AtomicU32, Ordering};

/// The word of a function that has run and has no values of the file.
pub(super) const HAS_RUN: u32 = 1;

/// 0 before the first call, [`HAS_RUN`] from then on, and above that the number of the values.
pub(super) trait StateWord {
    fn read(&self, ordering: Ordering) -> u32;
    fn write(&self, state: u32, ordering: Ordering);
}

impl StateWord for AtomicU32 {
    #[inline]
    fn read(&self, ordering: Ordering) -> u32 {
        self.load(ordering)
    }

    fn write(&self, state: u32, ordering: Ordering) {
        self.store(state, ordering);
    }
}

/// The values that are kept, each with a number from 0.
pub(super) trait KeptValues {
    type Value;
    type Found;
    fn find_or_add(&self, value: Self::Value) -> u32;
    fn get(&self, number: u32) -> Option<Self::Found>;
}

/// Lets values hold from the next call on. `None` is a function without values of the file.
pub(super) fn publish<K: KeptValues>(
    word: &impl StateWord,
    kept: impl FnOnce() -> K,
    values: Option<K::Value>,
) {
    let state = values.map_or(HAS_RUN, |values| kept().find_or_add(values) + HAS_RUN + 1);
    word.write(state, Ordering::Release);
}

/// True for a function that has run and has no values of the file, as most have.
#[inline]
pub(super) fn is_plain(word: &impl StateWord) -> bool {
    word.read(Ordering::Relaxed) == HAS_RUN
}

/// True if the function has run.
pub(super) fn has_run(word: &impl StateWord) -> bool {
    word.read(Ordering::Acquire) >= HAS_RUN
}

/// The values that hold now.
pub(super) fn values<K: KeptValues>(
    word: &impl StateWord,
    kept: impl FnOnce() -> Option<K>,
) -> Option<K::Found> {
    let number = word.read(Ordering::Acquire).checked_sub(HAS_RUN + 1)?;
    kept()?.get(number)
}

/// `RUSTFLAGS="--cfg loom" cargo test -p resilience-runtime --release --lib loom`
#[cfg(all(test, loom))]
mod loom_models {
    use loom::{
        sync::{Arc, Mutex, RwLock, atomic},
        thread,
    };

    use super::*;

    impl StateWord for atomic::AtomicU32 {
        fn read(&self, ordering: Ordering) -> u32 {
            self.load(ordering)
        }

        fn write(&self, state: u32, ordering: Ordering) {
            self.store(state, ordering);
        }
    }

    /// Values that are no zero. They are stored and loaded without any order of their own, so that a
    /// call sees them only because of the order of the word.
    struct Kept {
        values: [atomic::AtomicU32; 2],
        length: Mutex<u32>,
    }

    impl KeptValues for &Kept {
        type Value = u32;
        type Found = u32;

        fn find_or_add(&self, value: u32) -> u32 {
            let mut length = self.length.lock().expect("whole");
            let number = *length;
            self.values[number as usize].store(value, Ordering::Relaxed);
            *length += 1;
            number
        }

        fn get(&self, number: u32) -> Option<u32> {
            let value = self.values[number as usize].load(Ordering::Relaxed);
            assert_ne!(value, 0, "a number without its values");
            Some(value)
        }
    }

    struct Function {
        word: atomic::AtomicU32,
        kept: Kept,
    }

    impl Function {
        fn new(state: u32) -> Self {
            Self {
                word: atomic::AtomicU32::new(state),
                kept: Kept {
                    values: [(); 2].map(|()| atomic::AtomicU32::new(0)),
                    length: Mutex::new(0),
                },
            }
        }

        fn hold(&self, values: Option<u32>) {
            publish(&self.word, || &self.kept, values);
        }

        /// The values of one call, and 0 for its own.
        fn call(&self) -> u32 {
            if is_plain(&self.word) {
                return 0;
            }
            values(&self.word, || Some(&self.kept)).unwrap_or(0)
        }
    }

    #[test]
    fn a_call_has_the_values_of_one_file_and_no_earlier_ones_after_it() {
        loom::model(|| {
            let function = Arc::new(Function::new(HAS_RUN));
            let files = {
                let function = Arc::clone(&function);
                thread::spawn(move || {
                    function.hold(Some(7));
                    function.hold(Some(8));
                })
            };
            let calls = [function.call(), function.call()];
            assert!(calls[0] <= calls[1], "{calls:?}");
            files.join().expect("no panic");
            assert_eq!(function.call(), 8);
        });
    }

    #[test]
    fn a_file_that_names_the_function_no_more_gives_it_its_own_values() {
        loom::model(|| {
            let function = Arc::new(Function::new(HAS_RUN));
            function.hold(Some(7));
            let files = {
                let function = Arc::clone(&function);
                thread::spawn(move || function.hold(None))
            };
            assert!(matches!(function.call(), 0 | 7));
            files.join().expect("no panic");
            assert_eq!(function.call(), 0);
        });
    }

    /// The lock of `file/current.rs`: a function that runs for the first time holds it shared, and
    /// whoever applies a file holds it alone.
    #[test]
    fn a_function_that_begins_while_a_file_is_applied_has_its_values() {
        loom::model(|| {
            let function = Arc::new(Function::new(0));
            let current = Arc::new(RwLock::new(None));
            let has_begun = Arc::new(Mutex::new(false));
            let file = {
                let (function, current) = (Arc::clone(&function), Arc::clone(&current));
                let has_begun = Arc::clone(&has_begun);
                thread::spawn(move || {
                    let mut current = current.write().expect("whole");
                    if *has_begun.lock().expect("whole") {
                        function.hold(Some(7));
                    }
                    *current = Some(7);
                })
            };
            assert!(!has_run(&function.word));
            {
                let current = current.read().expect("whole");
                *has_begun.lock().expect("whole") = true;
                function.hold(*current);
            }
            assert!(has_run(&function.word));
            assert!(matches!(function.call(), 0 | 7));
            file.join().expect("no panic");
            assert_eq!(function.call(), 7);
        });
    }
}
