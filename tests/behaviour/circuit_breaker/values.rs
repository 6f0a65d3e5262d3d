//! The value of an option may come from a literal, a constant, the function's arguments, its
//! receiver.

use std::time::Duration;

use resilience::{CircuitBreakerConfig, CircuitState, circuit_breaker};

use super::{ApiError, circuit};

const THRESHOLD: u32 = 3;
const RATE: f64 = 0.25;
const CALLS: u32 = 7;
const WINDOW: Duration = Duration::from_secs(90);
const RECOVERY: Duration = Duration::from_millis(1_500);
const SUCCESSES: u32 = 4;
const PROBES: u32 = 5;
const SLOW: Duration = Duration::from_millis(250);

/// Every way to write the values has to come to this.
const COUNTED: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(THRESHOLD)
    .failure_window(WINDOW)
    .recovery_timeout(RECOVERY)
    .success_threshold(SUCCESSES)
    .half_open_max_calls(PROBES)
    .slow_call(SLOW);
const RATED: CircuitBreakerConfig = COUNTED.failure_rate(RATE).minimum_calls(CALLS);

#[tokio::test]
async fn every_option_may_be_a_literal() {
    #[circuit_breaker(
        name = "values::literal",
        failure_threshold = 3,
        failure_window = 1m30s,
        recovery_timeout = 1.5s,
        success_threshold = 4,
        half_open_max_calls = 5,
        slow_call = 250ms,
    )]
    fn counted() -> Result<(), ApiError> {
        Ok(())
    }
    #[circuit_breaker(
        name = "values::literal_rate",
        failure_rate = 0.25,
        minimum_calls = 7,
        failure_window = "1m 30s",
        recovery_timeout = "1500ms",
        success_threshold = 4,
        half_open_max_calls = 5,
        slow_call = "0.25s"
    )]
    async fn rated() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!((counted(), rated().await), (Ok(()), Ok(())));
    assert_eq!(circuit("values::literal").config(), COUNTED);
    assert_eq!(circuit("values::literal_rate").config(), RATED);
}

#[tokio::test]
async fn every_option_may_be_a_constant() {
    #[circuit_breaker(
        name = "values::constant",
        failure_threshold = THRESHOLD,
        failure_window = WINDOW,
        recovery_timeout = RECOVERY,
        success_threshold = SUCCESSES,
        half_open_max_calls = PROBES,
        slow_call = SLOW
    )]
    async fn counted() -> Result<(), ApiError> {
        Ok(())
    }
    #[circuit_breaker(
        name = "values::constant_rate",
        failure_rate = RATE,
        minimum_calls = CALLS,
        failure_window = Duration::from_secs(90),
        recovery_timeout = Duration::from_millis(1_500),
        success_threshold = SUCCESSES,
        half_open_max_calls = PROBES,
        slow_call = Duration::from_millis(250)
    )]
    fn rated() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!((counted().await, rated()), (Ok(()), Ok(())));
    assert_eq!(circuit("values::constant").config(), COUNTED);
    assert_eq!(circuit("values::constant_rate").config(), RATED);
}

#[tokio::test]
async fn every_option_may_come_from_the_receiver() {
    struct Client {
        counted: CircuitBreakerConfig,
        rate: f64,
        calls: u32,
    }
    impl Client {
        #[circuit_breaker(
            name = "values::receiver",
            failure_threshold = self.counted.get_failure_threshold().unwrap_or(1),
            failure_window = self.counted.get_failure_window(),
            recovery_timeout = self.counted.get_recovery_timeout(),
            success_threshold = self.counted.get_success_threshold(),
            half_open_max_calls = self.counted.get_half_open_max_calls(),
            slow_call = self.counted.get_slow_call().unwrap_or(Duration::MAX),
        )]
        async fn counted(&self) -> Result<(), ApiError> {
            Ok(())
        }

        #[circuit_breaker(
            name = "values::receiver_rate",
            failure_rate = self.rate,
            minimum_calls = self.calls,
            failure_window = window,
            recovery_timeout = RECOVERY,
            success_threshold = successes,
            half_open_max_calls = successes + 1,
            slow_call = window / 360
        )]
        fn rated(&self, window: Duration, successes: u32) -> Result<(), ApiError> {
            Ok(())
        }
    }
    let client = Client {
        counted: COUNTED,
        rate: RATE,
        calls: CALLS,
    };
    assert_eq!(
        (client.counted().await, client.rated(WINDOW, SUCCESSES)),
        (Ok(()), Ok(()))
    );
    assert_eq!(circuit("values::receiver").config(), COUNTED);
    assert_eq!(circuit("values::receiver_rate").config(), RATED);
}

#[test]
fn constants_of_the_type_and_of_a_generic_are_values() {
    struct Client<const N: u32>;
    impl<const N: u32> Client<N> {
        const WINDOW: Duration = WINDOW;

        #[circuit_breaker(
            name = "values::generic",
            failure_threshold = N,
            failure_window = Self::WINDOW,
            recovery_timeout = RECOVERY,
            success_threshold = 4,
            half_open_max_calls = PROBES,
            slow_call = 250ms
        )]
        fn call(&self) -> Result<(), ApiError> {
            Ok(())
        }
    }
    assert_eq!(Client::<THRESHOLD>.call(), Ok(()));
    assert_eq!(circuit("values::generic").config(), COUNTED);
}

#[test]
fn a_value_that_changes_from_call_to_call_is_taken() {
    const NAME: &str = "values::changes";
    #[circuit_breaker(name = NAME, failure_threshold = threshold)]
    fn call(threshold: u32) -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    assert_eq!(call(2), Err(ApiError::Down));
    assert_eq!(call(9), Err(ApiError::Down));
    assert_eq!(call(9), Err(ApiError::Down));
    assert_eq!(circuit(NAME).config().get_failure_threshold(), Some(9));
    // The first value returns: the present one stays.
    assert_eq!(call(2), Err(ApiError::Down));
    assert_eq!(circuit(NAME).stats().failure_threshold, Some(9));
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
}

#[test]
fn a_wrong_value_at_run_time_panics_with_the_words_of_the_setter() {
    #[circuit_breaker(name = "values::wrong", failure_rate = rate)]
    fn call(rate: f64) -> Result<(), ApiError> {
        Ok(())
    }
    let payload = std::panic::catch_unwind(|| call(50.0)).expect_err("refused");
    let message = payload.downcast_ref::<String>().map(String::as_str);
    assert_eq!(
        message,
        Some("`failure_rate` must be above 0.0 and at most 1.0, like 0.5")
    );
    assert!(resilience::registry::get("values::wrong").is_none());
}
