//! The values that hold for a function, published by one pointer that each call reads.
//!
//! A call reads the pointer once and has all values of one configuration until it ends. They stay
//! in memory for the rest of the process, because nobody knows which calls still have them. The
//! pointer is a trait, so that loom runs the same code.

use std::{
    marker::PhantomData,
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

/// A pointer that several threads read and write.
pub(super) trait Pointer<T> {
    fn read(&self, ordering: Ordering) -> *mut T;
    fn write(&self, pointer: *mut T, ordering: Ordering);
}

impl<T> Pointer<T> for AtomicPtr<T> {
    #[inline]
    fn read(&self, ordering: Ordering) -> *mut T {
        self.load(ordering)
    }

    fn write(&self, pointer: *mut T, ordering: Ordering) {
        self.store(pointer, ordering);
    }
}

/// A reference to a value that another one may replace while it is read. There is none before the
/// first one is published.
#[derive(Debug)]
pub(super) struct Published<T: 'static, P = AtomicPtr<T>> {
    /// Null, or a pointer that [`publish`](Self::publish) made of a `&'static T`.
    pointer: P,
    /// It is shared between threads as a `&'static T` is.
    _value: PhantomData<&'static T>,
}

impl<T> Published<T> {
    pub(super) const fn nothing() -> Self {
        Self::by(AtomicPtr::new(ptr::null_mut()))
    }
}

impl<T, P> Published<T, P> {
    /// `null` is a null pointer.
    const fn by(null: P) -> Self {
        Self {
            pointer: null,
            _value: PhantomData,
        }
    }
}

impl<T, P: Pointer<T>> Published<T, P> {
    /// The value that was published last.
    #[inline]
    #[expect(
        unsafe_code,
        reason = "a success reads one word, and only a pointer leads from there to the values"
    )]
    pub(super) fn get(&self) -> Option<&'static T> {
        let pointer = self.pointer.read(Ordering::Acquire);
        // SAFETY: The pointer is null or was a `&'static T`, because `publish` alone writes it. The
        // store releases what was written to the value before, and this load acquires it.
        unsafe { pointer.as_ref() }
    }

    /// Lets every later reader see the value.
    pub(super) fn publish(&self, value: &'static T) {
        let pointer = ptr::from_ref(value).cast_mut();
        self.pointer.write(pointer, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    static NUMBER: Published<u32> = Published::nothing();

    #[test]
    fn nothing_is_there_before_the_first_value_and_the_last_one_from_then_on() {
        let published = Published::nothing();
        assert_eq!(published.get(), None);
        for value in [&7, &8, &7] {
            published.publish(value);
            assert!(published.get().is_some_and(|found| ptr::eq(found, value)));
        }
    }

    #[test]
    fn another_thread_reads_a_whole_value() {
        let writer = thread::spawn(|| {
            for value in 1..100 {
                NUMBER.publish(Box::leak(Box::new(value)));
            }
        });
        let mut last = 0;
        while last < 99 {
            let seen = NUMBER.get().copied().unwrap_or(0);
            assert!(seen >= last, "{seen} follows {last}");
            last = seen;
        }
        writer.join().expect("no panic");
    }
}

/// `RUSTFLAGS="--cfg loom" cargo test -p resilience-runtime --release --lib loom`
#[cfg(all(test, loom))]
mod loom_models {
    use loom::{
        sync::{Arc, Mutex, RwLock, atomic},
        thread,
    };

    use super::*;

    impl<T> Pointer<T> for atomic::AtomicPtr<T> {
        fn read(&self, ordering: Ordering) -> *mut T {
            self.load(ordering)
        }

        fn write(&self, pointer: *mut T, ordering: Ordering) {
            self.store(pointer, ordering);
        }
    }

    /// The values of two layers. They are stored and loaded without any order of their own, so that
    /// a call sees them only because of the order of the pointer.
    struct Values([atomic::AtomicU32; 2]);

    impl Values {
        fn new(value: u32) -> &'static Self {
            let values = Self([(); 2].map(|()| atomic::AtomicU32::new(0)));
            for layer in &values.0 {
                layer.store(value, Ordering::Relaxed);
            }
            Box::leak(Box::new(values))
        }
    }

    /// The values of the attributes of a function.
    const OWN: u32 = 1;

    struct Function {
        in_force: Published<Values, atomic::AtomicPtr<Values>>,
    }

    impl Function {
        /// A function that has not run.
        fn new() -> Self {
            Self {
                in_force: Published::by(atomic::AtomicPtr::new(ptr::null_mut())),
            }
        }

        /// A function that has run.
        fn with(value: u32) -> Self {
            let function = Self::new();
            function.hold(value);
            function
        }

        fn hold(&self, value: u32) {
            self.in_force.publish(Values::new(value));
        }

        fn has_run(&self) -> bool {
            self.in_force.get().is_some()
        }

        /// The values of one call, whose inner layer reads later than the outer one.
        fn call(&self) -> u32 {
            let values = self.in_force.get().expect("it has run");
            let [outer, inner] = &values.0;
            let outer = outer.load(Ordering::Relaxed);
            thread::yield_now();
            let inner = inner.load(Ordering::Relaxed);
            assert_ne!(outer, 0, "a pointer without its values");
            assert_eq!(outer, inner, "one call has the values of one file");
            outer
        }
    }

    #[test]
    fn a_call_has_the_values_of_one_file_and_no_earlier_ones_after_it() {
        loom::model(|| {
            let function = Arc::new(Function::with(OWN));
            let files = {
                let function = Arc::clone(&function);
                thread::spawn(move || {
                    function.hold(7);
                    function.hold(8);
                })
            };
            let calls = [function.call(), function.call()];
            assert!(calls[0] <= calls[1], "{calls:?}");
            files.join().expect("no panic");
            assert_eq!(function.call(), 8);
        });
    }

    #[test]
    fn two_callers_see_files_in_one_order() {
        loom::model(|| {
            let function = Arc::new(Function::with(OWN));
            let caller = {
                let function = Arc::clone(&function);
                thread::spawn(move || [function.call(), function.call()])
            };
            function.hold(7);
            function.hold(8);
            assert_eq!(function.call(), 8);
            let calls = caller.join().expect("no panic");
            assert!(calls[0] <= calls[1], "{calls:?}");
        });
    }

    #[test]
    fn a_file_that_names_the_function_no_more_gives_it_its_own_values() {
        loom::model(|| {
            let function = Arc::new(Function::with(7));
            let files = {
                let function = Arc::clone(&function);
                thread::spawn(move || function.hold(OWN))
            };
            assert!(matches!(function.call(), OWN | 7));
            files.join().expect("no panic");
            assert_eq!(function.call(), OWN);
        });
    }

    /// The lock of `file/current.rs`: a function that runs for the first time holds it shared, and
    /// whoever applies a file holds it alone.
    #[test]
    fn a_function_that_begins_while_a_file_is_applied_has_its_values() {
        loom::model(|| {
            let function = Arc::new(Function::new());
            let current = Arc::new(RwLock::new(OWN));
            let has_begun = Arc::new(Mutex::new(false));
            let file = {
                let (function, current) = (Arc::clone(&function), Arc::clone(&current));
                let has_begun = Arc::clone(&has_begun);
                thread::spawn(move || {
                    let mut current = current.write().expect("whole");
                    if *has_begun.lock().expect("whole") {
                        function.hold(7);
                    }
                    *current = 7;
                })
            };
            assert!(!function.has_run());
            {
                let current = current.read().expect("whole");
                *has_begun.lock().expect("whole") = true;
                function.hold(*current);
            }
            assert!(matches!(function.call(), OWN | 7));
            file.join().expect("no panic");
            assert_eq!(function.call(), 7);
        });
    }
}
