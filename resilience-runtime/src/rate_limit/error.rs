//! The error of a call above the rate.

use std::{error::Error, fmt, io, time::Duration};

use crate::{
    by_name::Name,
    clock,
    errors::{Refusal, RefusalKind, Shown, ShownKey},
};

/// The error of a call that a rate limit refused, because its turn would come too late.
///
/// It is made without allocation.
///
/// ```
/// use std::time::Duration;
/// use resilience::{RateLimit, RateLimitConfig};
///
/// let api = RateLimit::new("api", RateLimitConfig::new(1, Duration::from_secs(3600)));
/// api.acquire()?;
///
/// let limited = api.acquire().unwrap_err();
/// assert_eq!(limited.name(), "api");
/// assert!(limited.retry_after() > Duration::from_secs(3500));
/// # Ok::<(), resilience::RateLimited>(())
/// ```
#[doc(alias = "RequestNotPermitted")]
#[doc(alias = "Throttled")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimited {
    name: Name,
    /// In nanoseconds.
    retry_after: u64,
}

impl RateLimited {
    pub(super) fn new(name: Name, retry_after: u64) -> Self {
        Self { name, retry_after }
    }

    /// The same refusal, by the name and the key that the caller knows the rate limit by.
    pub(super) fn of(self, name: Name) -> Self {
        Self { name, ..self }
    }

    /// The name of the rate limit.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key of the rate limit, for a name that has a rate limit for each key (`key = …`).
    ///
    /// A key whose text is longer than 1 KiB is cut there.
    pub fn key(&self) -> Option<&str> {
        self.name.key()
    }

    /// The time until a call would be admitted, if no other call comes before it.
    pub fn retry_after(&self) -> Duration {
        clock::span(self.retry_after)
    }
}

impl fmt::Display for RateLimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name may come from outside, and this text goes to logs.
        let name = self.name();
        write!(f, "rate limit `{}` ", Shown::Display(&name))?;
        if let Some(key) = self.key() {
            write!(f, "of `{}` ", ShownKey(key))?;
        }
        write!(f, "is used up, retry in {:.1?}", self.retry_after())
    }
}

static REFUSAL: Refusal = Refusal::new(RefusalKind::RateLimited, "the rate limit is used up");

impl Error for RateLimited {
    /// The [`Refusal`].
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&REFUSAL)
    }
}

impl From<RateLimited> for io::Error {
    /// Keeps the refusal as the [inner error](io::Error::get_ref).
    ///
    /// The kind is [`Other`](io::ErrorKind::Other), which the standard library itself never
    /// reports, so that no filter takes it for an error of the service.
    fn from(limited: RateLimited) -> Self {
        Self::other(limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_which_rate_limit_and_when_to_come_back() {
        let limited = RateLimited::new(Name::Static("api"), 1_500_000_000);
        assert_eq!(
            limited.to_string(),
            "rate limit `api` is used up, retry in 1.5s"
        );
        assert_eq!(limited.retry_after(), Duration::from_millis(1_500));
        let keyed = limited.of(Name::Static("api\n").with_key("a\tb".into(), ()));
        assert_eq!(
            keyed.to_string(),
            r"rate limit `api\n` of `a\tb` is used up, retry in 1.5s"
        );
        assert_eq!((keyed.name(), keyed.key()), ("api\n", Some("a\tb")));
    }

    #[test]
    fn it_is_a_refusal_wherever_it_is_kept() {
        fn portable<T: Error + Clone + Send + Sync + 'static>(_: &T) {}
        let limited = RateLimited::new(Name::Static("api"), 1);
        portable(&limited);
        let kind = |error: &dyn Error| Refusal::of(error).map(Refusal::kind);
        assert_eq!(kind(&limited), Some(RefusalKind::RateLimited));
        assert_eq!(
            kind(&io::Error::from(limited)),
            Some(RefusalKind::RateLimited)
        );
    }
}
