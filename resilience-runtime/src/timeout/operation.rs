//! The operation that a timeout belongs to.

/// The name of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) name: &'static str,
    /// Nobody gave the name: it is the path of the function.
    pub(super) is_path: bool,
}
