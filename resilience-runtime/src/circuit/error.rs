//! The error of a refused call.

use std::{error::Error, fmt, io, time::Duration};

use super::{admission::Refused, gate::State, name::Name, transition::TransitionReason};
use crate::{
    errors::{Refusal, RefusalKind, Shown, ShownKey},
    events::{self, EventKind},
    operation::{Count, Operation},
};

/// The error of a call that a circuit refused, because it is open or because its probe slots are
/// taken.
///
/// It is made without allocation, so that refusing stays cheaper than calling.
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
#[doc(alias = "CallNotPermittedException")]
#[doc(alias = "BrokenCircuitException")]
#[doc(alias = "Rejected")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitOpen {
    name: Name,
    refused: Refused,
}

impl CircuitOpen {
    #[inline]
    pub(super) fn new(name: Name, refused: Refused) -> Self {
        Self { name, refused }
    }

    /// The same refusal, by the name and the key that the caller knows the circuit by.
    pub(super) fn of(self, name: Name) -> Self {
        Self { name, ..self }
    }

    /// True if the call has to ask other processes before it is refused.
    #[inline]
    pub(super) fn asks(&self) -> bool {
        self.refused.asks()
    }

    /// The generation in which the call has to ask.
    pub(super) fn asks_in(&self) -> u32 {
        self.refused.asks_in()
    }

    /// The refusal by the same name, after the call has asked.
    pub(super) fn after_question(&self, refused: Refused) -> Self {
        Self {
            name: self.name.clone(),
            refused,
        }
    }

    /// Counts that a fallback answers the refused call of an annotated function, and tells the
    /// subscribers of it.
    #[doc(hidden)]
    #[cold]
    pub fn falls_back(&self, operation: &Operation) {
        operation.count(Count::Fallback);
        let error = Some(Shown::Display(self));
        events::emit_with_error(Some(operation.name()), error, |error| EventKind::FellBack {
            error,
        });
    }

    /// The name of the circuit.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key of the circuit, for a name that has a circuit for each key (`key = …`).
    ///
    /// A key whose text is longer than 1 KiB is cut there.
    pub fn key(&self) -> Option<&str> {
        self.name.key()
    }

    /// The time until the circuit takes a call again; `None` while it is isolated without an end.
    ///
    /// On Linux it may be longer than the time by a tick of the system's clock, which is 1 to 10
    /// ms; it is exact in the last 17 ms, and it is never too short.
    ///
    /// It is zero if the circuit is half-open and all its probe slots are taken: the circuit takes
    /// a call as soon as a probe ends, and nobody knows when that is. It is [`Duration::MAX`] if
    /// `recovery_timeout` is.
    pub fn retry_after(&self) -> Option<Duration> {
        self.refused.retry_after()
    }

    /// The reason of the opening: [`TransitionReason::Failures`], [`Rate`](TransitionReason::Rate),
    /// [`SlowRate`](TransitionReason::SlowRate), [`Consecutive`](TransitionReason::Consecutive),
    /// [`ProbeFailed`](TransitionReason::ProbeFailed), [`Fleet`](TransitionReason::Fleet) or
    /// [`Command`](TransitionReason::Command).
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, TransitionReason};
    ///
    /// let breaker = CircuitBreaker::new("llm_api", CircuitBreakerConfig::new().failure_threshold(1));
    /// breaker.acquire().unwrap().failure();
    /// assert_eq!(breaker.acquire().unwrap_err().reason(), TransitionReason::Failures);
    /// ```
    pub fn reason(&self) -> TransitionReason {
        self.refused.reason()
    }
}

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name may come from outside, and this text goes to logs.
        let name = self.name();
        write!(f, "circuit `{}` ", Shown::Display(&name))?;
        if let Some(key) = self.key() {
            write!(f, "of `{}` ", ShownKey(key))?;
        }
        match (self.refused.state(), self.retry_after()) {
            (State::Isolated, None) => f.write_str("is isolated"),
            (State::Isolated, Some(wait)) => write!(f, "is isolated, retry in {wait:.1?}"),
            (State::HalfOpen, _) => f.write_str("is half-open, and all its probes are under way"),
            (_, None | Some(Duration::MAX)) => f.write_str("is open"),
            (_, Some(wait)) => write!(f, "is open, retry in {wait:.1?}"),
        }
    }
}

impl Error for CircuitOpen {
    /// The [`Refusal`]. Its text says why the circuit opened.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(refusal(self.reason()))
    }
}

/// The outcome of a refusal: one for each reason, because a refusal allocates nothing.
fn refusal(reason: TransitionReason) -> &'static Refusal {
    macro_rules! refusal {
        ($why:literal) => {{
            static REFUSAL: Refusal = Refusal::new(RefusalKind::CircuitOpen, $why);
            &REFUSAL
        }};
    }
    match reason {
        TransitionReason::Failures => refusal!("too many calls failed"),
        TransitionReason::Rate => refusal!("too large a share of the calls failed"),
        TransitionReason::SlowRate => refusal!("too large a share of the calls was slow"),
        TransitionReason::Consecutive => refusal!("too many calls in a row failed"),
        TransitionReason::ProbeFailed => refusal!("a probe failed"),
        TransitionReason::Fleet => refusal!("the fleet opened the circuit"),
        TransitionReason::Command => refusal!("the program opened the circuit"),
        // None of these opens it.
        TransitionReason::Config
        | TransitionReason::ProbesSucceeded
        | TransitionReason::RecoveryElapsed => refusal!("the circuit is open"),
    }
}

impl From<CircuitOpen> for io::Error {
    /// Keeps the refusal as the [inner error](io::Error::get_ref).
    ///
    /// The kind is [`Other`](io::ErrorKind::Other). The standard library itself never reports it,
    /// so a filter for refused or reset connections does not match a call that never left the
    /// process.
    fn from(open: CircuitOpen) -> Self {
        Self::other(open)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{
        circuit::{gate::OpeningReason, usage::Usage},
        clock::NEVER,
    };

    fn refused(state: State, wait: u64) -> CircuitOpen {
        let reason = OpeningReason::of(TransitionReason::Failures);
        let refused = Refused::new(state, reason, wait);
        CircuitOpen::new(Cow::Borrowed("llm_api").into(), refused)
    }

    fn isolated() -> CircuitOpen {
        refused(State::Isolated, NEVER)
    }

    #[test]
    fn it_says_which_circuit_and_when_to_come_back() {
        let said = |state, wait| {
            let open = refused(state, wait);
            (open.to_string(), open.retry_after())
        };
        let wait = Duration::from_millis(12_300);
        assert_eq!(
            said(State::Open, 12_300_000_000),
            (
                "circuit `llm_api` is open, retry in 12.3s".to_owned(),
                Some(wait)
            )
        );
        assert_eq!(
            said(State::Open, NEVER),
            ("circuit `llm_api` is open".to_owned(), Some(Duration::MAX))
        );
        assert_eq!(
            said(State::HalfOpen, 12_300_000_000),
            (
                "circuit `llm_api` is half-open, and all its probes are under way".to_owned(),
                Some(Duration::ZERO)
            )
        );
        assert_eq!(
            said(State::Isolated, NEVER),
            ("circuit `llm_api` is isolated".to_owned(), None)
        );
    }

    #[test]
    fn it_is_as_small_as_its_name_and_two_words() {
        assert!(size_of::<CircuitOpen>() <= 40);
    }

    #[test]
    fn a_name_from_outside_cannot_forge_a_line() {
        let name = Cow::Borrowed("api\nERROR forged\x1b[2J").into();
        let open = CircuitOpen::new(name, isolated().refused);
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
    fn it_names_the_key() {
        let name = Name::Static("search").with_key("tenant\n7".into(), Usage::default());
        let open = CircuitOpen::new(name, isolated().refused);
        assert_eq!(open.key(), Some("tenant\n7"));
        assert_eq!(
            open.to_string(),
            r"circuit `search` of `tenant\n7` is isolated"
        );
        assert_eq!(isolated().key(), None);
    }

    #[test]
    fn its_source_is_the_refusal_with_the_reason() {
        let open = isolated();
        let refusal = Refusal::of(&open).expect("it is a refusal");
        assert_eq!(refusal.kind(), RefusalKind::CircuitOpen);
        assert_eq!(refusal.to_string(), "too many calls failed");
        let io = io::Error::from(open);
        assert_eq!(
            Refusal::of(&io).map(Refusal::kind),
            Some(RefusalKind::CircuitOpen)
        );
    }

    #[test]
    fn every_reason_has_a_text_of_its_own() {
        let texts = [
            TransitionReason::Failures,
            TransitionReason::Rate,
            TransitionReason::SlowRate,
            TransitionReason::Consecutive,
            TransitionReason::ProbeFailed,
            TransitionReason::Fleet,
            TransitionReason::Command,
        ]
        .map(|reason| refusal(reason).to_string());
        let distinct: std::collections::BTreeSet<_> = texts.iter().collect();
        assert_eq!(distinct.len(), texts.len());
    }

    #[test]
    fn an_io_error_keeps_it_inside() {
        let error = io::Error::from(isolated());
        assert_eq!(error.kind(), io::ErrorKind::Other);
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        assert_eq!(inner, Some(&isolated()));
    }

    #[test]
    fn it_goes_wherever_an_error_goes() {
        fn portable<T: Error + Clone + Send + Sync + 'static>(_: &T) {}
        portable(&isolated());
    }
}
