//! The growth of the delays, and the share of chance in them.

/// The growth of the delay from one retry to the next.
///
/// The delay before retry `n` (counted from 1), before [`max_delay`](crate::RetryConfig::max_delay)
/// caps it and [`Jitter`] shortens it:
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(rename_all = "lowercase")
)]
#[non_exhaustive]
pub enum Strategy {
    /// The delay is `base_delay · multiplierⁿ⁻¹`. This is the default.
    #[default]
    Exponential,
    /// The delay is `base_delay · n`.
    Linear,
    /// The delay is always `base_delay`.
    Constant,
}

/// The share of chance in a delay, so that callers that failed together do not come back together.
///
/// The formulas are those of Marc Brooker, "Exponential Backoff And Jitter", [AWS Architecture
/// Blog][aws], 2015; `d` is the delay of the [`Strategy`], already capped by
/// [`max_delay`](crate::RetryConfig::max_delay). Numbers are drawn uniformly.
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(rename_all = "lowercase")
)]
#[non_exhaustive]
pub enum Jitter {
    /// A number from `[0, d]`. It spreads callers the widest. This is the default.
    #[default]
    Full,
    /// A number from `[d/2, d]`, so that no caller comes back at once.
    Equal,
    /// A number from `[base_delay, 3 · previous]`; `previous` is the delay before it and starts at
    /// `base_delay`. The [`Strategy`] and the multiplier play no part.
    Decorrelated,
    /// Exactly `d`, without chance.
    None,
}

/// `true` is [`Full`](Jitter::Full) and `false` is [`None`](Jitter::None).
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
