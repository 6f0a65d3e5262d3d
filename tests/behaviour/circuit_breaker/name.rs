//! The name decides about the circuit that a function has.

use resilience::{CircuitState, circuit_breaker, registry};

use super::{ApiError, circuit, stats};

#[circuit_breaker]
fn nameless() -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker]
async fn nameless_async() -> Result<(), ApiError> {
    Ok(())
}

#[tokio::test]
async fn by_default_it_is_called_by_the_path_of_the_module_and_the_function() {
    assert_eq!((nameless(), nameless_async().await), (Ok(()), Ok(())));
    assert_eq!(
        stats("behaviour::circuit_breaker::name::nameless").successes,
        1
    );
    assert_eq!(
        stats("behaviour::circuit_breaker::name::nameless_async").successes,
        1
    );
}

#[test]
fn a_raw_identifier_is_named_without_its_prefix() {
    #[circuit_breaker]
    fn r#match() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!(r#match(), Ok(()));
    assert_eq!(
        stats("behaviour::circuit_breaker::name::match").successes,
        1
    );
}

#[test]
fn a_name_may_be_a_constant_or_made_of_constants() {
    const JIRA: &str = "name::jira";
    mod names {
        pub(super) const SEARCH: &str = "name::search";
    }
    #[circuit_breaker(name = JIRA)]
    fn constant() -> Result<(), ApiError> {
        Ok(())
    }
    #[circuit_breaker(name = names::SEARCH)]
    fn elsewhere() -> Result<(), ApiError> {
        Ok(())
    }
    #[circuit_breaker(name = concat!("name::", "concat"))]
    fn concatenated() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!(
        (constant(), elsewhere(), concatenated()),
        (Ok(()), Ok(()), Ok(()))
    );
    for name in ["name::jira", "name::search", "name::concat"] {
        assert_eq!((circuit(name).name(), stats(name).successes), (name, 1));
    }
}

#[tokio::test]
async fn functions_with_one_name_share_one_circuit_sync_or_async() {
    const NAME: &str = "name::shared";
    #[circuit_breaker(name = NAME, failure_threshold = 2)]
    fn sync_call() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    #[circuit_breaker(name = NAME, failure_threshold = 2)]
    async fn async_call() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    assert_eq!(sync_call(), Err(ApiError::Down));
    assert_eq!(async_call().await, Err(ApiError::Down));
    // Each failed once; the circuit saw both.
    assert!(sync_call().unwrap_err().is_refusal());
    assert!(async_call().await.unwrap_err().is_refusal());
    assert_eq!((stats(NAME).failures, stats(NAME).refused), (2, 2));
}

trait Endpoint {
    const NAME: &'static str;

    fn answer(&self) -> Result<u8, ApiError>;

    #[circuit_breaker(name = Self::NAME, failure_threshold = 1)]
    fn call(&self) -> Result<u8, ApiError> {
        self.answer()
    }

    #[circuit_breaker(name = Self::NAME, failure_threshold = 1)]
    fn call_async(&self) -> impl Future<Output = Result<u8, ApiError>> {
        async { self.answer() }
    }
}

struct Healthy;
impl Endpoint for Healthy {
    const NAME: &'static str = "name::healthy";
    fn answer(&self) -> Result<u8, ApiError> {
        Ok(7)
    }
}

struct Broken;
impl Endpoint for Broken {
    const NAME: &'static str = "name::broken";
    fn answer(&self) -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
}

#[tokio::test]
async fn each_implementor_of_a_trait_has_the_circuit_of_its_own_constant() {
    assert_eq!(Broken.call(), Err(ApiError::Down));
    assert_eq!(Healthy.call(), Ok(7));
    assert!(Broken.call_async().await.unwrap_err().is_refusal());
    assert_eq!(Healthy.call_async().await, Ok(7));
    assert_eq!(circuit("name::broken").state(), CircuitState::Open);
    assert_eq!(
        (
            circuit("name::healthy").state(),
            stats("name::healthy").successes
        ),
        (CircuitState::Closed, 2)
    );
}

#[test]
fn a_type_parameter_may_name_the_circuit() {
    struct Generic;
    impl Endpoint for Generic {
        const NAME: &'static str = "name::generic";
        fn answer(&self) -> Result<u8, ApiError> {
            Ok(1)
        }
    }
    struct Other;
    impl Endpoint for Other {
        const NAME: &'static str = "name::generic_other";
        fn answer(&self) -> Result<u8, ApiError> {
            Ok(2)
        }
    }
    #[circuit_breaker(name = T::NAME)]
    fn call<T: Endpoint>(endpoint: &T) -> Result<u8, ApiError> {
        endpoint.answer()
    }
    assert_eq!(
        (call(&Generic), call(&Other), call(&Other)),
        (Ok(1), Ok(2), Ok(2))
    );
    assert_eq!(
        (
            stats("name::generic").successes,
            stats("name::generic_other").successes
        ),
        (1, 2)
    );
}

#[test]
fn the_instances_of_a_generic_function_share_one_circuit() {
    #[circuit_breaker(name = "name::instances")]
    fn call<T>(value: T) -> Result<T, ApiError> {
        Ok(value)
    }
    assert_eq!((call(1), call("a")), (Ok(1), Ok("a")));
    assert_eq!(stats("name::instances").successes, 2);
}

#[test]
fn nothing_is_registered_before_the_first_call() {
    #[circuit_breaker(name = "name::uncalled")]
    fn call() -> Result<(), ApiError> {
        Ok(())
    }
    assert!(registry::get("name::uncalled").is_none());
    assert_eq!(call(), Ok(()));
    assert!(registry::get("name::uncalled").is_some());
}
