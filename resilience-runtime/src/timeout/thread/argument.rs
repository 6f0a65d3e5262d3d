//! The arguments of a sync timeout under a retry. Each attempt's worker gets its own arguments,
//! because an abandoned body keeps those that it has.

/// An argument that is cloned for each attempt's worker.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot be copied for each attempt",
    label = "`{Self}` is not `Clone`",
    note = "under `#[retry]`, a sync `#[timeout]` gives each attempt's worker thread arguments of its own, because an abandoned attempt keeps its arguments",
    note = "derive `Clone`, share it in an `Arc`, put the timeout above the retry, or use `mode = cooperative`"
)]
pub trait WorkerArgument: Sized {
    /// Clones the argument.
    #[must_use]
    fn copy(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> WorkerArgument for T {
    #[inline]
    fn copy(&self) -> Self {
        self.clone()
    }
}

/// A `self` that moves to each attempt's worker. It must be `Copy`, because a macro cannot bind
/// `self` to a clone.
#[diagnostic::on_unimplemented(
    message = "`self` of type `{Self}` cannot be given to the worker of each attempt",
    label = "`{Self}` is not `Copy`",
    note = "under `#[retry]`, a sync `#[timeout]` gives each attempt's worker thread a `self` of its own, because an abandoned attempt keeps its `self`",
    note = "write `clone(self)` on the `#[retry]`, put the timeout above the retry, or use `mode = cooperative`"
)]
pub trait WorkerReceiver {}

#[diagnostic::do_not_recommend]
impl<T: Copy> WorkerReceiver for T {}

/// Compiles for a `self` that may be moved to one worker after another.
#[inline]
pub fn assert_worker_receiver<T: WorkerReceiver>(_: &T) {}
