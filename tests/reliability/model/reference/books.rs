//! The statistics and the transitions that the reference expects.

use std::time::Duration;

use resilience::{CircuitState, TransitionReason};

/// The expected statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Books {
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    pub(crate) ignored: u64,
    pub(crate) refused: u64,
    pub(crate) would_refuse: u64,
    pub(crate) abandoned: u64,
    pub(crate) late: u64,
    pub(crate) opened: u64,
    pub(crate) half_opened: u64,
    pub(crate) closed: u64,
}

/// A listener hears of: from, to, if that is an isolation, why, failures in the window, how long it
/// refuses, whether an error is shown.
pub(crate) type Step = (
    CircuitState,
    CircuitState,
    bool,
    TransitionReason,
    u32,
    Option<Duration>,
    bool,
);
