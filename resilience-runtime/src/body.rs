//! The small functions that the expansion puts around the user's code.

use std::pin::Pin;

/// Calls a closure. As a parameter, the closure's parameter has a type that rustc knows before it
/// reads the closure's body.
#[inline]
pub fn call<Given, T>(function: impl FnOnce(Given) -> T, given: Given) -> T {
    function(given)
}

/// Runs a sync attempt. As a parameter, the closure is an `FnOnce`, so that it may return a
/// reborrow of a captured argument.
#[inline]
pub fn attempt<T>(body: impl FnOnce() -> T) -> T {
    body()
}

/// Takes a value. The expansion writes it where it is never called, because an async block owns the
/// values that it names.
#[inline]
pub fn take<T>(_: T) {}

/// Boxes a future. The expansion does not name `Box` itself, because the path could be shorter in
/// the user's scope (`unused_qualifications`). This path ends in `Box::pin` as well, because
/// `#[tracing::instrument]` recognises a boxed async function by these words.
#[derive(Debug)]
pub struct FutureBox;

impl FutureBox {
    /// Does the same as `Box::pin`.
    #[inline]
    pub fn pin<F>(future: F) -> Pin<Box<F>> {
        Box::pin(future)
    }
}
