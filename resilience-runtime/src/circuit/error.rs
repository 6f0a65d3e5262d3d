//! The error of a refused call.

use std::{error::Error, fmt, io, time::Duration};

use super::name::Name;
use crate::show::Shown;

/// A circuit refused the call: it is open, or its probe slots are taken.
///
/// Made without allocation, so that refusing stays cheaper than calling.
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig};
///
/// let breaker = CircuitBreaker::new("llm_api", CircuitBreakerConfig::new());
/// breaker.isolate();
///
/// let open = breaker.acquire().unwrap_err();
/// assert_eq!(open.name(), "llm_api");
/// assert_eq!(open.retry_after(), None);
/// assert_eq!(open.to_string(), "circuit `llm_api` is isolated");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitOpen {
    name: Name,
    retry_after: Option<Duration>,
}

impl CircuitOpen {
    #[inline]
    pub(super) fn new(name: Name, retry_after: Option<Duration>) -> Self {
        Self { name, retry_after }
    }

    /// The name of the circuit.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long until the circuit takes a call again; `None` while it is isolated.
    ///
    /// If it is half-open and its probe slots are taken, that is when the oldest of them is reclaimed: the latest
    /// moment, as a probe that ends makes room before. [`Duration::MAX`] if `recovery_timeout` is.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may have come from outside, and this goes to logs.
        let name = self.name();
        let name = Shown::Display(&name);
        match self.retry_after {
            None => write!(f, "circuit `{name}` is isolated"),
            Some(Duration::MAX) => write!(f, "circuit `{name}` is open"),
            Some(wait) => write!(f, "circuit `{name}` is open, retry in {wait:.1?}"),
        }
    }
}

impl Error for CircuitOpen {}

impl From<CircuitOpen> for io::Error {
    /// Keeps the refusal as the [inner error](io::Error::get_ref).
    ///
    /// The kind is [`Other`](io::ErrorKind::Other), which the standard library itself never reports: a filter written
    /// for real refused or reset connections must not match a call that never left the process.
    fn from(open: CircuitOpen) -> Self {
        Self::other(open)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn open(retry_after: Option<Duration>) -> CircuitOpen {
        CircuitOpen::new(Cow::Borrowed("llm_api").into(), retry_after)
    }

    #[test]
    fn it_says_which_circuit_and_when_to_come_back() {
        let text = |retry_after| open(retry_after).to_string();
        assert_eq!(
            text(Some(Duration::from_millis(12_300))),
            "circuit `llm_api` is open, retry in 12.3s"
        );
        assert_eq!(text(Some(Duration::MAX)), "circuit `llm_api` is open");
        assert_eq!(text(None), "circuit `llm_api` is isolated");
    }

    #[test]
    fn a_name_from_outside_cannot_forge_a_line() {
        let open = CircuitOpen::new(Cow::Borrowed("api\nERROR forged\x1b[2J").into(), None);
        assert_eq!(
            open.to_string(),
            r"circuit `api\nERROR forged\u{1b}[2J` is isolated"
        );
        assert_eq!(
            open.name(),
            "api\nERROR forged\x1b[2J",
            "the name itself is as it was given"
        );
    }

    #[test]
    fn an_io_error_keeps_it_inside() {
        let error = io::Error::from(open(None));
        assert_eq!(error.kind(), io::ErrorKind::Other);
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        assert_eq!(inner, Some(&open(None)));
    }

    #[test]
    fn it_goes_wherever_an_error_goes() {
        fn portable<T: Error + Clone + Send + Sync + 'static>(_: &T) {}
        portable(&open(None));
    }
}
