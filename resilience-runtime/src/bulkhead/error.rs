//! The error of a call that found the bulkhead full.

use std::{error::Error, fmt, io, time::Duration};

use crate::{
    by_name::Name,
    errors::{Refusal, RefusalKind, Shown, ShownKey},
};

/// The error of a call that a bulkhead refused, because as many calls as it allows were running for
/// as long as the call could wait.
///
/// It is made without allocation.
///
/// ```
/// use resilience::{Bulkhead, BulkheadConfig};
///
/// let pool = Bulkhead::new("pool", BulkheadConfig::new(1));
/// let _permit = pool.acquire()?;
///
/// let full = pool.acquire().unwrap_err();
/// assert_eq!((full.name(), full.limit()), ("pool", 1));
/// assert_eq!(full.to_string(), "bulkhead `pool` is full with 1 call");
/// # Ok::<(), resilience::BulkheadFull>(())
/// ```
#[doc(alias = "BulkheadFullException")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkheadFull {
    name: Name,
    limit: u32,
    waited: Duration,
}

impl BulkheadFull {
    pub(super) fn new(name: Name, limit: u32, waited: Duration) -> Self {
        Self {
            name,
            limit,
            waited,
        }
    }

    /// The same refusal, by the name and the key that the caller knows the bulkhead by.
    pub(super) fn of(self, name: Name) -> Self {
        Self { name, ..self }
    }

    /// The name of the bulkhead.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key of the bulkhead, for a name that has a bulkhead for each key (`key = …`).
    ///
    /// A key whose text is longer than 1 KiB is cut there.
    pub fn key(&self) -> Option<&str> {
        self.name.key()
    }

    /// The number of calls that the bulkhead allowed at the same time.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// The time that the call waited before it was refused.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl fmt::Display for BulkheadFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name may come from outside, and this text goes to logs.
        let name = self.name();
        write!(f, "bulkhead `{}` ", Shown::Display(&name))?;
        if let Some(key) = self.key() {
            write!(f, "of `{}` ", ShownKey(key))?;
        }
        let calls = if self.limit == 1 { "call" } else { "calls" };
        write!(f, "is full with {} {calls}", self.limit)?;
        if self.waited.is_zero() {
            return Ok(());
        }
        write!(f, ", waited {:.1?}", self.waited)
    }
}

static REFUSAL: Refusal = Refusal::new(RefusalKind::BulkheadFull, "the bulkhead is full");

impl Error for BulkheadFull {
    /// The [`Refusal`].
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&REFUSAL)
    }
}

impl From<BulkheadFull> for io::Error {
    /// Keeps the refusal as the [inner error](io::Error::get_ref).
    ///
    /// The kind is [`Other`](io::ErrorKind::Other), which the standard library itself never
    /// reports, so that no filter takes it for an error of the service.
    fn from(full: BulkheadFull) -> Self {
        Self::other(full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(waited: u64) -> BulkheadFull {
        BulkheadFull::new(Name::Static("pool"), 5, Duration::from_millis(waited))
    }

    #[test]
    fn it_says_which_bulkhead_its_limit_and_the_wait() {
        assert_eq!(full(0).to_string(), "bulkhead `pool` is full with 5 calls");
        assert_eq!(
            full(1_500).to_string(),
            "bulkhead `pool` is full with 5 calls, waited 1.5s"
        );
        let keyed = full(0).of(Name::Static("pool\n").with_key("a\tb".into(), ()));
        assert_eq!(
            keyed.to_string(),
            r"bulkhead `pool\n` of `a\tb` is full with 5 calls"
        );
        assert_eq!(keyed.key(), Some("a\tb"));
        assert_eq!((full(1).name(), full(1).limit()), ("pool", 5));
        assert_eq!(full(1).waited(), Duration::from_millis(1));
    }

    #[test]
    fn it_is_a_refusal_wherever_it_is_kept() {
        let kind = |error: &dyn Error| Refusal::of(error).map(Refusal::kind);
        assert_eq!(kind(&full(0)), Some(RefusalKind::BulkheadFull));
        let error = io::Error::from(full(0));
        assert_eq!(error.kind(), io::ErrorKind::Other);
        assert_eq!(kind(&error), Some(RefusalKind::BulkheadFull));
    }

    #[test]
    fn it_goes_wherever_an_error_goes() {
        fn portable<T: Error + Clone + Send + Sync + 'static>(_: &T) {}
        portable(&full(0));
    }
}
