//! How a layer tells that an error is a refusal of another layer, wherever the error comes from.
//!
//! An error that holds a refusal leads to a [`Refusal`] by its `source()` chain. So the walk finds it in the user's own
//! error types, in [`io::Error`], and in boxed errors, without a bound on the error type: `inspect` chooses at compile
//! time what an error type allows.

use core::error::Error;
use core::fmt;
use std::io;

/// A chain of sources that is longer is taken for a circle.
const LONGEST_CHAIN: usize = 128;

/// The mark of an error that says: one of our layers refused the call, so the service was not asked.
///
/// It is the [`source()`](Error::source) of [`CircuitOpen`](crate::CircuitOpen), and so stands in the chain of every
/// error that holds one. Its text says why the layer refused.
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, Refusal, RefusalKind};
/// use std::io;
///
/// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
/// breaker.isolate();
/// let error: io::Error = breaker.call(|| Ok::<_, io::Error>(())).unwrap_err();
///
/// let refusal = Refusal::of(&error).expect("the circuit refused the call");
/// assert_eq!(refusal.kind(), RefusalKind::CircuitOpen);
/// assert!(Refusal::of(&io::Error::other("down")).is_none());
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    kind: RefusalKind,
    why: &'static str,
}

/// Which kind of layer refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// A circuit: it is open, or its probe slots are taken.
    CircuitOpen,
}

impl Refusal {
    /// `why` is a whole clause, like "the circuit is open".
    pub(crate) const fn new(kind: RefusalKind, why: &'static str) -> Self {
        Self { kind, why }
    }

    /// Returns the refusal that `error` holds, if it holds one.
    ///
    /// The walk begins at `error.source()`, so errors with a lifetime are fine. An `anyhow::Error` or a boxed error is
    /// given as the error that it derefs to: `Refusal::of(&**error)`.
    pub fn of<'e>(error: &'e (dyn Error + '_)) -> Option<&'e Self> {
        chain(error.source()).find_map(|error| error.downcast_ref())
    }

    /// Which kind of layer refused the call.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl Error for Refusal {}

/// True if `error` holds a refusal of one of our layers: the call was refused, and the service was not asked.
///
/// `#[retry]` and `#[circuit_breaker]` recognise refusals by themselves. This is for code that decides by hand, like the
/// filter of a policy that is used as a value:
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, RetryConfig, is_refusal};
/// use std::io;
///
/// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
/// breaker.isolate();
/// let outcome = RetryConfig::new()
///     .prepare(|| breaker.call(|| Ok::<_, io::Error>(42)))
///     .retry_if(|error| !is_refusal(error))
///     .run();
/// assert!(is_refusal(&outcome.unwrap_err()));
/// assert_eq!(breaker.stats().refused, 1);
/// ```
pub fn is_refusal(error: &(dyn Error + '_)) -> bool {
    Refusal::of(error).is_some()
}

/// The mark of a timeout whose body never began. It is private, because `TimedOut::was_started` says the same.
#[derive(Debug)]
pub(crate) struct NotStarted;

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body never began")
    }
}

impl Error for NotStarted {}

/// Where the error of a call comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The body, or a timeout that cut it short.
    #[default]
    Body,
    /// A layer that refused the call.
    Refused,
    /// A timeout that expired before the body began.
    NotStarted,
}

impl Origin {
    /// Walks the sources of an error, from the first one on.
    pub(crate) fn of_source(source: Option<&(dyn Error + 'static)>) -> Self {
        // Most errors have no source: then nothing below is compiled into the caller.
        match source {
            None => Self::Body,
            Some(source) => Self::of_chain(source),
        }
    }

    #[cold]
    fn of_chain(source: &(dyn Error + 'static)) -> Self {
        for error in chain(Some(source)) {
            if error.is::<Refusal>() {
                return Self::Refused;
            }
            if error.is::<NotStarted>() {
                return Self::NotStarted;
            }
        }
        Self::Body
    }
}

/// An error and its sources.
fn chain<'e>(
    first: Option<&'e (dyn Error + 'static)>,
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    core::iter::successors(first, |error| source_of(*error)).take(LONGEST_CHAIN)
}

/// The source of an [`io::Error`] leaves out the error that it holds, so that one comes first.
fn source_of<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(held) => Some(held),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static REFUSAL: Refusal = Refusal::new(RefusalKind::CircuitOpen, "the circuit is open");

    /// An error whose source is `0`.
    #[derive(Debug)]
    struct Caused(Option<Box<dyn Error + Send + Sync>>);

    impl fmt::Display for Caused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("caused")
        }
    }

    impl Error for Caused {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.0.as_deref().map(|source| source as _)
        }
    }

    /// An error that refers to its input.
    #[derive(Debug)]
    struct Borrowing<'t>(&'t str, Caused);

    impl fmt::Display for Borrowing<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Borrowing<'_> {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.1)
        }
    }

    /// As `CircuitOpen` is.
    #[derive(Debug)]
    struct Refused;

    impl fmt::Display for Refused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("refused")
        }
    }

    impl Error for Refused {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&REFUSAL)
        }
    }

    fn caused(source: impl Error + Send + Sync + 'static) -> Caused {
        Caused(Some(Box::new(source)))
    }

    #[test]
    fn it_is_found_at_every_depth() {
        for error in [
            caused(Refused),
            caused(caused(Refused)),
            caused(caused(caused(io::Error::other(Refused)))),
            caused(io::Error::other(io::Error::other(Refused))),
        ] {
            assert_eq!(Refusal::of(&error), Some(&REFUSAL));
            assert!(is_refusal(&error));
            assert_eq!(Origin::of_source(error.source()), Origin::Refused);
        }
        assert_eq!(Refusal::of(&Refused), Some(&REFUSAL));
        assert_eq!(Refusal::of(&io::Error::other(Refused)), Some(&REFUSAL));
        assert_eq!(
            Refusal::of(&Borrowing(&String::from("text"), caused(Refused))),
            Some(&REFUSAL)
        );
    }

    #[test]
    fn another_error_is_no_refusal() {
        for error in [
            Caused(None),
            caused(Caused(None)),
            caused(io::Error::other("down")),
        ] {
            assert_eq!(Refusal::of(&error), None);
            assert_eq!(Origin::of_source(error.source()), Origin::Body);
        }
        let not_started = caused(caused(NotStarted));
        assert_eq!(Refusal::of(&not_started), None);
        assert_eq!(Origin::of_source(not_started.source()), Origin::NotStarted);
    }

    #[test]
    fn an_error_that_is_its_own_source_does_not_end_the_program() {
        #[derive(Debug)]
        struct Circle;
        impl fmt::Display for Circle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("circle")
            }
        }
        impl Error for Circle {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
        assert!(!is_refusal(&Circle));
    }

    #[test]
    fn its_text_is_the_reason() {
        assert_eq!(REFUSAL.to_string(), "the circuit is open");
        assert_eq!(REFUSAL.kind(), RefusalKind::CircuitOpen);
    }
}
