//! Refusals, and how a layer recognises one in an error, wherever the error comes from.
//!
//! An error that holds a refusal leads to a [`Refusal`] by its `source()` chain. So the walk finds
//! it in the user's own error types, in [`std::io::Error`], and in boxed errors. No bound is put on
//! the error type, because `inspect` finds out at compile time if the type has sources.

use core::error::Error;
use core::fmt;

/// A longer chain of sources is taken for a circle.
const LONGEST_CHAIN: usize = 128;

/// The mark of an error that says: a layer refused the call, so the error says nothing about the
/// service.
///
/// It is the [`source()`](Error::source) of [`CircuitOpen`](crate::CircuitOpen), of
/// [`BulkheadFull`](crate::BulkheadFull) and of a
/// [`TimedOut`](crate::TimedOut) that is [inherited](crate::TimedOut::is_inherited), and therefore
/// stands in the chain of every error that holds one of them. Its text says why the layer refused.
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

/// The kind of layer that refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// A circuit refused, because it is open or its probe slots are taken.
    CircuitOpen,
    /// A bulkhead refused, because as many calls as it allows were running.
    BulkheadFull,
    /// A rate limit refused, because the turn of the call would have come too late.
    RateLimited,
    /// A timeout was ended by a deadline that came before its own limit, so the service did not get
    /// its time; or that deadline had passed before the call. See
    /// [`TimedOut::is_inherited`](crate::TimedOut::is_inherited).
    Deadline,
    /// The policy for a test.
    #[cfg(resilience_test_policy)]
    EveryThird,
}

impl Refusal {
    /// Makes a mark. `why` is a whole clause, like "the circuit is open".
    pub(crate) const fn new(kind: RefusalKind, why: &'static str) -> Self {
        Self { kind, why }
    }

    /// Returns the refusal that `error` holds, if it holds one.
    ///
    /// The walk begins at `error.source()`, so errors with a lifetime are fine. A `&Box<dyn Error>`
    /// or `&anyhow::Error` is no `&dyn Error`, so it is given as the error that it derefs to,
    /// `Refusal::of(&**error)`. A `&Arc<anyhow::Error>` has one star more, and an `Arc<E>` of an
    /// error (`Arc<io::Error>`, `Arc<dyn Error + Send + Sync>`) is an error itself,
    /// `Refusal::of(error)`.
    ///
    /// `#[retry]` and `#[circuit_breaker]` recognise all of these by themselves. An error that was
    /// made of the text of another one (`anyhow!("{error}")`) holds nothing; nor does a type that
    /// is no [`Error`] and derefs to none, like `error_stack::Report`.
    pub fn of<'e>(error: &'e (dyn Error + '_)) -> Option<&'e Self> {
        chain(error.source()).find_map(|error| error.downcast_ref())
    }

    /// Returns the kind of layer that refused the call.
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

/// True if `error` holds a refusal of a layer, so that it says nothing about the service.
///
/// `#[retry]` and `#[circuit_breaker]` recognise refusals by themselves. This function is for code
/// that decides by hand, like the filter of a policy that is used as a value:
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

/// The mark of a timeout that expired before its body began. It is private, because
/// `TimedOut::was_started` says the same.
#[derive(Debug)]
pub(crate) struct NotStarted;

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body never began")
    }
}

impl Error for NotStarted {}

/// The place that the error of a call comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The body returned it, or a timeout cut the body short.
    #[default]
    Body,
    /// A layer refused the call.
    Refused,
    /// A timeout was ended by a deadline that is not its own.
    Inherited,
    /// A timeout expired before the body began.
    NotStarted,
}

impl Origin {
    /// The origin of an error of a layer that has just admitted or refused the call.
    pub(crate) fn of_admission(is_admitted: bool) -> Self {
        if is_admitted {
            Self::Body
        } else {
            Self::Refused
        }
    }

    /// Walks the sources of an error, from the first one on.
    pub(crate) fn of_source(source: Option<&(dyn Error + 'static)>) -> Self {
        // The walk is a function of its own, because most errors have no source.
        match source {
            None => Self::Body,
            Some(source) => Self::of_chain(source),
        }
    }

    #[cold]
    fn of_chain(source: &(dyn Error + 'static)) -> Self {
        for error in chain(Some(source)) {
            if let Some(refusal) = error.downcast_ref::<Refusal>() {
                return Self::of_refusal(refusal.kind);
            }
            if error.is::<NotStarted>() {
                return Self::NotStarted;
            }
        }
        Self::Body
    }
}

impl Origin {
    fn of_refusal(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::Deadline => Self::Inherited,
            _ => Self::Refused,
        }
    }

    /// True if a layer refused the call, also by a deadline.
    #[inline]
    pub(crate) fn is_refusal(self) -> bool {
        matches!(self, Self::Refused | Self::Inherited)
    }
}

/// Walks an error and its sources.
///
/// The source of an `io::Error` is that of the error that it holds, which itself is left out.
/// Nothing is missed by that, because a mark is always the source of another error, and is never
/// held by an `io::Error` itself.
fn chain<'e>(
    first: Option<&'e (dyn Error + 'static)>,
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    core::iter::successors(first, |&error| error.source()).take(LONGEST_CHAIN)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    static REFUSAL: Refusal = Refusal::new(RefusalKind::CircuitOpen, "the circuit is open");

    /// An error with the source `0`.
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

    /// An error like `CircuitOpen`: its source is the mark.
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
