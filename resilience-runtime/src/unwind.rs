//! Panics of the user's code that must not unwind into this library.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Drops a value that may panic in its drop. The payload of that panic is forgotten unless it is a
/// text, because any other payload may panic in its drop, too.
pub(crate) fn discard<V>(value: V) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) else {
        return;
    };
    if !panic.is::<&'static str>() && !panic.is::<String>() {
        mem::forget(panic);
    }
}

/// Runs code of the user's that the call under way has nothing to do with, so that a panic of it
/// must not break the call.
pub(crate) fn quietly(user_code: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(user_code)) {
        discard(panic);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    #[test]
    fn a_drop_that_panics_goes_no_further() {
        struct PanicsTwice;
        impl Drop for PanicsTwice {
            fn drop(&mut self) {
                panic_any(PanicsAgain);
            }
        }
        struct PanicsAgain;
        impl Drop for PanicsAgain {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let unwound = catch_unwind(|| discard(PanicsTwice));
        assert!(unwound.is_ok());
    }
}
