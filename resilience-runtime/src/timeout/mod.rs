//! To come.

// Stands in until the merge with the timeout's own.
pub(crate) fn would_outlast(_: core::time::Duration) -> bool {
    false
}
