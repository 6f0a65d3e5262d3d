//! How a delay grows, and how much of it is left to chance.

/// How the delay grows from one retry to the next.
///
/// The delay before retry `n` (counted from 1), before [`max_delay`](crate::RetryConfig::max_delay) caps it and
/// [`Jitter`] shortens it:
///
/// ```
/// use resilience::{RetryConfig, Strategy};
/// use std::time::Duration;
///
/// let config = RetryConfig::new().base_delay(Duration::from_secs(2));
/// let third = |strategy| config.strategy(strategy).delay(3);
/// assert_eq!(third(Strategy::Exponential), Duration::from_secs(8));
/// assert_eq!(third(Strategy::Linear), Duration::from_secs(6));
/// assert_eq!(third(Strategy::Constant), Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// `base_delay · multiplierⁿ⁻¹`. The default.
    #[default]
    Exponential,
    /// `base_delay · n`.
    Linear,
    /// `base_delay`, always.
    Constant,
}

/// How much of a delay is left to chance, so that callers that failed together do not come back together.
///
/// The formulas are those of Marc Brooker, "Exponential Backoff And Jitter", [AWS Architecture Blog][aws], 2015; `d` is
/// the delay of the [`Strategy`], already capped by [`max_delay`](crate::RetryConfig::max_delay). Numbers are drawn uniformly.
///
/// ```
/// use resilience::{Jitter, RetryConfig};
///
/// const POLITE: RetryConfig = RetryConfig::new().jitter(Jitter::Equal);
/// assert_ne!(POLITE, RetryConfig::new());
/// ```
///
/// [aws]: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jitter {
    /// From `[0, d]`: spreads callers the widest. The default.
    #[default]
    Full,
    /// From `[d/2, d]`: never comes back at once.
    Equal,
    /// From `[base_delay, 3 · previous]`, where `previous` is the delay before it and starts at `base_delay`. The
    /// [`Strategy`] and the multiplier play no part.
    Decorrelated,
    /// Exactly `d`.
    None,
}

/// A switch: [`Full`](Jitter::Full) or [`None`](Jitter::None).
///
/// ```
/// use resilience::Jitter;
///
/// assert_eq!((Jitter::from(true), Jitter::from(false)), (Jitter::Full, Jitter::None));
/// ```
impl From<bool> for Jitter {
    fn from(on: bool) -> Self {
        if on { Self::Full } else { Self::None }
    }
}
