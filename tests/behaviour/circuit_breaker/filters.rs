//! `failure_on`, `failure_if`, `failure_if_ok` and `ignore`.

use resilience::{CircuitBreakerStats, circuit_breaker};

use super::{ApiError, stats};

/// Successes, failures and ignored calls.
fn outcomes(name: &str) -> (u64, u64, u64) {
    let CircuitBreakerStats {
        successes,
        failures,
        ignored,
        ..
    } = stats(name);
    (successes, failures, ignored)
}

#[test]
fn without_a_filter_every_error_is_a_failure() {
    const NAME: &str = "filters::none";
    #[circuit_breaker(name = NAME)]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for outcome in [Ok(()), Err(ApiError::Down), Err(ApiError::Status(404))] {
        assert_eq!(call(outcome.clone()), outcome);
    }
    assert_eq!(outcomes(NAME), (1, 2, 0));
}

#[test]
fn an_error_that_failure_on_does_not_match_is_a_success() {
    const NAME: &str = "filters::failure_on";
    #[circuit_breaker(name = NAME, failure_on(ApiError::Down | ApiError::Status(500..)))]
    fn call(error: ApiError) -> Result<(), ApiError> {
        Err(error)
    }
    for error in [
        ApiError::Down,
        ApiError::Status(404),
        ApiError::Status(500),
        ApiError::Status(499),
    ] {
        assert_eq!(call(error.clone()), Err(error), "it comes out as it was");
    }
    assert_eq!(outcomes(NAME), (2, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_pattern_may_have_a_guard_that_uses_the_arguments() {
    const NAME: &str = "filters::guard";
    #[circuit_breaker(name = NAME, failure_on(ApiError::Status(status) if *status >= from))]
    async fn call(from: u16, status: u16) -> Result<(), ApiError> {
        Err(ApiError::Status(status))
    }
    for (from, status) in [(500, 404), (400, 404), (500, 500)] {
        assert_eq!(call(from, status).await, Err(ApiError::Status(status)));
    }
    assert_eq!(outcomes(NAME), (1, 2, 0));
}

#[test]
fn failure_if_takes_a_function() {
    const NAME: &str = "filters::failure_if_path";
    fn is_server_error(error: &ApiError) -> bool {
        matches!(error, ApiError::Status(500..=599))
    }
    #[circuit_breaker(name = NAME, failure_if = is_server_error)]
    fn call(status: u16) -> Result<(), ApiError> {
        Err(ApiError::Status(status))
    }
    for status in [404, 503] {
        assert_eq!(call(status), Err(ApiError::Status(status)));
    }
    assert_eq!(outcomes(NAME), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn failure_if_takes_a_method_and_a_closure_that_uses_the_receiver() {
    const NAME: &str = "filters::failure_if_closure";
    struct Client {
        harmless: Vec<u16>,
    }
    impl Client {
        #[circuit_breaker(name = NAME, failure_if = |error| !self.is_harmless(error))]
        async fn call(&self, status: u16) -> Result<(), ApiError> {
            Err(ApiError::Status(status))
        }

        fn is_harmless(&self, error: &ApiError) -> bool {
            matches!(error, ApiError::Status(status) if self.harmless.contains(status))
        }
    }
    const BY_METHOD: &str = "filters::failure_if_method";
    #[circuit_breaker(name = BY_METHOD, failure_if = std::io::Error::is_fatal)]
    async fn by_method(kind: std::io::ErrorKind) -> std::io::Result<()> {
        Err(kind.into())
    }
    trait Fatal {
        fn is_fatal(&self) -> bool;
    }
    impl Fatal for std::io::Error {
        fn is_fatal(&self) -> bool {
            self.kind() == std::io::ErrorKind::BrokenPipe
        }
    }
    let client = Client {
        harmless: vec![404, 409],
    };
    for status in [404, 409, 500] {
        assert_eq!(client.call(status).await, Err(ApiError::Status(status)));
    }
    assert_eq!(outcomes(NAME), (2, 1, 0));
    for kind in [std::io::ErrorKind::BrokenPipe, std::io::ErrorKind::NotFound] {
        assert_eq!(by_method(kind).await.unwrap_err().kind(), kind);
    }
    assert_eq!(outcomes(BY_METHOD), (1, 1, 0));
}

#[test]
fn failure_on_and_failure_if_must_agree() {
    const NAME: &str = "filters::both";
    #[circuit_breaker(name = NAME, failure_on(ApiError::Status(_)), failure_if = |error| *error != ApiError::Status(404))]
    fn call(error: ApiError) -> Result<(), ApiError> {
        Err(error)
    }
    for error in [ApiError::Down, ApiError::Status(404), ApiError::Status(500)] {
        assert_eq!(call(error.clone()), Err(error));
    }
    assert_eq!(outcomes(NAME), (2, 1, 0));
}

#[test]
fn failure_if_ok_makes_a_value_a_failure() {
    const NAME: &str = "filters::failure_if_ok";
    #[circuit_breaker(name = NAME, failure_if_ok = |hits| hits.len() < at_least)]
    fn search(at_least: usize, hits: &[u8]) -> Result<&[u8], ApiError> {
        Ok(hits)
    }
    assert_eq!(search(1, &[]), Ok(&[][..]), "it is returned all the same");
    assert_eq!(search(1, &[7]), Ok(&[7][..]));
    assert_eq!(search(2, &[7]), Ok(&[7][..]));
    assert_eq!(outcomes(NAME), (1, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn failure_if_ok_takes_a_function_and_leaves_errors_alone() {
    const NAME: &str = "filters::failure_if_ok_path";
    #[circuit_breaker(name = NAME, failure_if_ok = String::is_empty)]
    async fn call(outcome: Result<String, ApiError>) -> Result<String, ApiError> {
        outcome
    }
    for outcome in [
        Ok(String::new()),
        Ok(String::from("hi")),
        Err(ApiError::Down),
    ] {
        assert_eq!(call(outcome.clone()).await, outcome);
    }
    assert_eq!(outcomes(NAME), (1, 2, 0));
}

#[test]
fn ignored_errors_count_as_nothing_and_the_rest_are_failures() {
    const NAME: &str = "filters::ignore";
    #[circuit_breaker(name = NAME, failure_threshold = 1, ignore(ApiError::Status(400..=499)))]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for outcome in [
        Ok(()),
        Err(ApiError::Status(404)),
        Err(ApiError::Status(422)),
        Err(ApiError::Down),
    ] {
        assert_eq!(call(outcome.clone()), outcome);
    }
    assert_eq!(outcomes(NAME), (1, 1, 2));
    assert_eq!(stats(NAME).opened, 1);
}

#[test]
fn ignore_wins_over_what_is_a_failure_and_over_what_is_a_success() {
    const NAME: &str = "filters::ignore_wins";
    #[circuit_breaker(
        name = NAME,
        failure_on(ApiError::Status(_)),
        failure_if = |error| *error != ApiError::Status(409),
        ignore(ApiError::Status(code) if *code == 404 || *code == 409)
    )]
    fn call(error: ApiError) -> Result<(), ApiError> {
        Err(error)
    }
    // A failure for both filters; for one of them; for both, but ignored; for one, but ignored.
    for error in [
        ApiError::Status(500),
        ApiError::Down,
        ApiError::Status(404),
        ApiError::Status(409),
    ] {
        assert_eq!(call(error.clone()), Err(error));
    }
    assert_eq!(outcomes(NAME), (1, 1, 2));
}

#[test]
fn a_refusal_meets_no_filter_of_its_own_circuit() {
    const NAME: &str = "filters::refusal";
    #[circuit_breaker(name = NAME, failure_if = |error| { assert!(!error.is_refusal()); true })]
    fn call() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    assert_eq!(call(), Err(ApiError::Down));
    super::circuit(NAME).isolate();
    assert!(call().unwrap_err().is_refusal());
    assert_eq!((outcomes(NAME), stats(NAME).refused), ((0, 1, 0), 1));
}

#[test]
fn filters_run_once_per_call_and_not_for_values() {
    use std::cell::Cell;

    #[circuit_breaker(name = "filters::once", failure_if = |_| { asked.set(asked.get() + 1); true })]
    fn call(asked: &Cell<u32>, outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    let asked = Cell::new(0);
    assert_eq!(call(&asked, Ok(())), Ok(()));
    assert_eq!(asked.get(), 0);
    assert_eq!(call(&asked, Err(ApiError::Down)), Err(ApiError::Down));
    assert_eq!(asked.get(), 1);
}
