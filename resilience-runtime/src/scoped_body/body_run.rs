//! The number of a run of the body.

use std::time::Duration;

/// The run of the body that begins now.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "test-util"),
    expect(dead_code, reason = "a scope reads the fields, and there is none")
)]
pub struct BodyRun {
    /// The number of the attempt, from 1.
    pub(super) number: u32,
    /// The wait of the retry before the attempt.
    pub(super) waited: Duration,
}

impl BodyRun {
    /// The only run, of a stack without a retry.
    pub const ONLY: Self = Self::new(1, Duration::ZERO);

    pub(crate) const fn new(number: u32, waited: Duration) -> Self {
        Self { number, waited }
    }
}
