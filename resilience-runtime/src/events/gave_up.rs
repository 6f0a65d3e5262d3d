//! The reasons why a retry gives up.

use std::fmt;

/// The reason why no other attempt follows.
///
/// ```
/// use resilience::events::GaveUpReason;
///
/// assert_eq!(GaveUpReason::NotRetryable.to_string(), "not_retryable");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GaveUpReason {
    /// The attempts are used up.
    Attempts,
    /// The next delay would reach `max_elapsed`.
    Elapsed,
    /// A filter says that the error is not retried.
    NotRetryable,
    /// The retry budget is used up.
    Budget,
    /// The server asks for a longer wait than the retry allows, or for no retry at all.
    Hint,
    /// The next delay would outlast the deadline.
    Deadline,
    /// A circuit of the own stack would still refuse after the next delay.
    CircuitOpen,
    /// A layer refused the call.
    Refused,
}

impl fmt::Display for GaveUpReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl GaveUpReason {
    /// The name in log fields and labels.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Elapsed => "elapsed",
            Self::NotRetryable => "not_retryable",
            Self::Budget => "budget",
            Self::Hint => "hint",
            Self::Deadline => "deadline",
            Self::CircuitOpen => "circuit_open",
            Self::Refused => "refused",
        }
    }
}
