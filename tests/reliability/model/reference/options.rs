//! The options of the reference.

use std::time::Duration;

/// The options, as numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) opens_at: OpensAt,
    pub(crate) window: Duration,
    /// The window of a rate is so many calls instead of a time.
    pub(crate) window_calls: Option<u32>,
    pub(crate) minimum_calls: u32,
    pub(crate) recovery_timeout: Duration,
    pub(crate) recovery_multiplier: u32,
    pub(crate) max_recovery_timeout: Option<Duration>,
    pub(crate) recovery_jitter: f64,
    pub(crate) success_threshold: u32,
    pub(crate) half_open_max_calls: usize,
    pub(crate) slow_call: Option<Duration>,
    pub(crate) slow_rate: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum OpensAt {
    Failures(u32),
    Rate(f64),
    Consecutive(u32),
}

/// The kind and the length of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Window {
    /// The failures of a time.
    Moments(Duration),
    /// All calls of a time.
    Time(Duration),
    /// The last calls.
    Calls(u32),
    /// The failures since the latest success.
    Row,
}

impl Options {
    pub(super) fn rated(&self) -> Window {
        self.window_calls
            .map_or(Window::Time(self.window), Window::Calls)
    }

    pub(super) fn window_of_failures(&self) -> Window {
        match self.opens_at {
            OpensAt::Failures(_) => Window::Moments(self.window),
            OpensAt::Rate(_) => self.rated(),
            OpensAt::Consecutive(_) => Window::Row,
        }
    }

    /// A circuit without a limit for slow calls has no slow calls to count.
    pub(super) fn window_of_slow_calls(&self) -> Option<Window> {
        self.slow_rate.and(self.slow_call).map(|_| self.rated())
    }

    pub(super) fn limit(&self) -> Option<u32> {
        match self.opens_at {
            OpensAt::Failures(limit) | OpensAt::Consecutive(limit) => Some(limit),
            OpensAt::Rate(_) => None,
        }
    }

    pub(super) fn minimum(&self) -> u32 {
        self.window_calls
            .map_or(self.minimum_calls, |calls| calls.min(self.minimum_calls))
    }
}
