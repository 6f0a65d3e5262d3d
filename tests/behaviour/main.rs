//! The promises of the attributes, one module for each part.

// The functions stand in the tests that need them, in the shapes in which users write them: the
// shape is the test.
#![allow(
    clippy::items_after_statements,
    clippy::needless_arbitrary_self_type,
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self
)]

mod abandoned;
mod api_error;
mod bulkhead;
mod circuit_breaker;
mod deadline;
mod documentation;
mod events;
mod fallback;
#[path = "../fault.rs"]
mod fault;
mod hedge;
mod lints;
mod operation;
mod programmatic;
mod rate_limit;
mod registry;
mod regressions;
mod retry;
mod stacking;
mod timeout;
