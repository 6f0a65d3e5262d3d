//! From the result of a call to the verdict that the circuit records.

use std::{error::Error, sync::Arc};

use resilience::{TimedOut, is_refusal};

use crate::error::BoxError;

/// A longer chain of sources is taken for a circle.
const LONGEST_CHAIN: usize = 128;

/// The verdict of a circuit on one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The service answered.
    Success,
    /// The call counts against the service.
    Failure,
    /// The call says nothing about the service.
    Ignored,
}

/// A filter that is shared by all services of a layer.
pub(crate) type Filter<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

/// The filters of a circuit.
pub(crate) struct Filters<Response> {
    pub(crate) failure_if_ok: Option<Filter<Response>>,
    pub(crate) failure_if: Option<Filter<BoxError>>,
    pub(crate) ignore_if: Option<Filter<BoxError>>,
}

impl<Response> Filters<Response> {
    pub(crate) fn none() -> Self {
        Self {
            failure_if_ok: None,
            failure_if: None,
            ignore_if: None,
        }
    }

    pub(crate) fn verdict(&self, result: &Result<Response, BoxError>) -> Verdict {
        match result {
            Ok(response) if accepts(self.failure_if_ok.as_ref(), response) => Verdict::Failure,
            Ok(_) => Verdict::Success,
            Err(error) => self.of_error(error),
        }
    }

    fn of_error(&self, error: &BoxError) -> Verdict {
        if says_nothing(error) || accepts(self.ignore_if.as_ref(), error) {
            return Verdict::Ignored;
        }
        match &self.failure_if {
            Some(filter) if !filter(error) => Verdict::Success,
            _ => Verdict::Failure,
        }
    }
}

// Derived, it would ask for responses that are `Clone`.
impl<Response> Clone for Filters<Response> {
    fn clone(&self) -> Self {
        Self {
            failure_if_ok: self.failure_if_ok.clone(),
            failure_if: self.failure_if.clone(),
            ignore_if: self.ignore_if.clone(),
        }
    }
}

/// True if there is a filter and it accepts the value.
pub(crate) fn accepts<T>(filter: Option<&Filter<T>>, value: &T) -> bool {
    filter.is_some_and(|filter| filter(value))
}

/// True for a refusal of another layer, and for a timeout that a deadline of the caller ended or
/// whose body never began.
fn says_nothing(error: &BoxError) -> bool {
    is_refusal(&**error) || never_began(&**error)
}

/// True if the error is, or was caused by, a timeout that expired before its body began.
fn never_began(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .take(LONGEST_CHAIN)
        .filter_map(timed_out)
        .any(|timed_out| !timed_out.was_started())
}

fn timed_out<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e TimedOut> {
    // The source of an `io::Error` is the source of the error in it, so that error is asked for.
    let error = match error.downcast_ref::<std::io::Error>() {
        Some(io_error) => io_error.get_ref()?,
        None => error,
    };
    error.downcast_ref()
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use resilience::{CircuitBreaker, CircuitBreakerConfig, TimeoutConfig, with_deadline};
    use tokio::time::Instant;

    use super::*;

    fn verdict(filters: &Filters<u16>, error: impl Into<BoxError>) -> Verdict {
        filters.verdict(&Err(error.into()))
    }

    #[test]
    fn without_filters_an_error_fails_and_a_response_succeeds() {
        let filters = Filters::<u16>::none();
        assert_eq!(filters.verdict(&Ok(500)), Verdict::Success);
        assert_eq!(
            verdict(&filters, io::Error::other("down")),
            Verdict::Failure
        );
    }

    #[test]
    fn a_refusal_is_ignored_whatever_the_filters_say() {
        let circuit = CircuitBreaker::new("verdict", CircuitBreakerConfig::new());
        circuit.isolate();
        let open = circuit.acquire().unwrap_err();
        let filters = Filters::<u16> {
            failure_if: Some(Arc::new(|_| true)),
            ..Filters::none()
        };
        assert_eq!(verdict(&filters, open.clone()), Verdict::Ignored);
        assert_eq!(verdict(&filters, io::Error::from(open)), Verdict::Ignored);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_is_a_failure_unless_its_body_never_began() {
        let limit = TimeoutConfig::new(Duration::from_secs(1));
        let hang = || std::future::pending::<io::Result<()>>();
        let expired = limit.run_async(hang()).await.unwrap_err();
        assert_eq!(verdict(&Filters::none(), expired), Verdict::Failure);
        let late = with_deadline(Instant::now(), limit.run_async(hang())).await;
        assert_eq!(
            verdict(&Filters::none(), late.unwrap_err()),
            Verdict::Ignored
        );
    }

    #[test]
    fn the_filters_decide_over_the_errors_of_the_service() {
        let filters = Filters {
            failure_if_ok: Some(Arc::new(|status| *status >= 500)),
            failure_if: Some(Arc::new(|error| error.to_string() != "not found")),
            ignore_if: Some(Arc::new(|error| error.to_string() == "busy")),
        };
        assert_eq!(filters.verdict(&Ok(200)), Verdict::Success);
        assert_eq!(filters.verdict(&Ok(503)), Verdict::Failure);
        assert_eq!(verdict(&filters, "down"), Verdict::Failure);
        assert_eq!(verdict(&filters, "not found"), Verdict::Success);
        assert_eq!(verdict(&filters, "busy"), Verdict::Ignored);
    }

    #[test]
    fn an_error_that_is_its_own_source_does_not_end_the_program() {
        #[derive(Debug)]
        struct Circle;
        impl std::fmt::Display for Circle {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("circle")
            }
        }
        impl Error for Circle {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
        assert_eq!(verdict(&Filters::none(), Circle), Verdict::Failure);
    }
}
