//! The hint of a server about the next attempt.

use core::time::Duration;

/// The hint of a server about the next attempt, as `delay_hint` of `#[retry]` reads it from an
/// error.
///
/// A function for `delay_hint` may return this type, or anything that converts into it: a
/// [`Duration`], or an `Option<Duration>` whose `None` is [`RetryHint::Unknown`].
///
/// ```
/// use resilience::RetryHint;
/// use std::time::Duration;
///
/// let two_seconds = Duration::from_secs(2);
/// assert_eq!(RetryHint::from(Some(two_seconds)), RetryHint::After(two_seconds));
/// assert_eq!(RetryHint::from(None), RetryHint::Unknown);
/// ```
///
/// With the feature `http`, `resilience::http` reads hints from the headers of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryHint {
    /// The next attempt is welcome after this time.
    ///
    /// The retry waits at least so long, and up to a tenth longer, so that clients that were told
    /// the same time do not return together. With [`Jitter::None`](crate::Jitter::None) the wait is
    /// exact. A time above `max_delay`, above the rest of `max_elapsed` or beyond the deadline ends
    /// the retries with the reason `hint`, because a client must not call before the time that the
    /// server named.
    After(Duration),
    /// No other attempt is welcome. The retries end with the reason `hint`.
    Never,
    /// The server said nothing. The retry waits for the delay that it computes.
    #[default]
    Unknown,
}

impl From<Duration> for RetryHint {
    fn from(delay: Duration) -> Self {
        Self::After(delay)
    }
}

impl From<Option<Duration>> for RetryHint {
    fn from(delay: Option<Duration>) -> Self {
        delay.map_or(Self::Unknown, Self::After)
    }
}

/// The return type of the function of `delay_hint`, with the words for one that is wrong.
#[diagnostic::on_unimplemented(
    message = "a `delay_hint` must return `Option<Duration>`, `Duration` or `RetryHint`",
    label = "this returns `{Self}`"
)]
pub trait IntoRetryHint {
    /// Converts.
    fn into_retry_hint(self) -> RetryHint;
}

#[diagnostic::do_not_recommend]
impl<H: Into<RetryHint>> IntoRetryHint for H {
    #[inline]
    fn into_retry_hint(self) -> RetryHint {
        self.into()
    }
}
