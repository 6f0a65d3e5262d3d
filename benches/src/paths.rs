//! The calls whose lines of memory the program `cores` follows: those that many threads make on one
//! policy.

use std::hint::black_box;

use crate::{circuit, limits, open_circuit};

/// A call that several threads make.
#[expect(missing_debug_implementations, reason = "it holds a closure")]
pub struct Path {
    /// The name in the table of the program.
    pub name: &'static str,
    /// Makes one call.
    pub call: Box<dyn Fn() + Sync>,
}

impl Path {
    fn new<T>(name: &'static str, call: impl Fn() -> T + Sync + 'static) -> Self {
        let call = Box::new(move || {
            black_box(&call());
        });
        Self { name, call }
    }
}

/// All of them. Each call makes new peers, but ours are those of the process.
pub fn paths() -> Vec<Path> {
    open_circuit::open_it();
    vec![
        Path::new("circuit closed, success", circuit::closed_call),
        Path::new("the same, recloser", circuit::closed_recloser()),
        Path::new("the same, failsafe", circuit::closed_failsafe()),
        Path::new("circuit closed, failure", circuit::failing_call),
        Path::new("failure-rate mode, success", circuit::rated_call),
        Path::new("circuit open, refused", open_circuit::refused),
        Path::new(
            "circuit open, refused, computed name",
            open_circuit::refused_by_a_computed_name(),
        ),
        Path::new("bulkhead", limits::bulkhead_admission()),
        Path::new("the same, tokio's Semaphore", limits::semaphore()),
        Path::new("rate limit", limits::rate_limit_admission()),
        Path::new("the same, governor", limits::governor()),
    ]
}
