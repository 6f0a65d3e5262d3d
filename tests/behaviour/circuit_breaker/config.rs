//! `config =`, `breaker =` and `crate =`.

use std::sync::LazyLock;
use std::time::Duration;

use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, circuit_breaker, registry};

use super::{ApiError, circuit};

const SHARED: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(2)
    .recovery_timeout(Duration::from_secs(5));

#[tokio::test]
async fn a_configuration_may_be_a_constant_a_chain_a_call_or_a_field() {
    fn computed() -> CircuitBreakerConfig {
        SHARED
    }
    struct Client {
        config: CircuitBreakerConfig,
    }
    impl Client {
        #[circuit_breaker(name = "config::field", config = self.config)]
        async fn field(&self) -> Result<(), ApiError> {
            Ok(())
        }
    }
    #[circuit_breaker(name = "config::constant", config = SHARED)]
    async fn constant() -> Result<(), ApiError> {
        Ok(())
    }
    #[circuit_breaker(
        name = "config::chain",
        config = CircuitBreakerConfig::new().failure_threshold(2).recovery_timeout(Duration::from_secs(5))
    )]
    fn chain() -> Result<(), ApiError> {
        Ok(())
    }
    #[circuit_breaker(name = "config::call", config = computed())]
    fn call() -> Result<(), ApiError> {
        Ok(())
    }
    let client = Client { config: SHARED };
    assert_eq!(
        (constant().await, chain(), call(), client.field().await),
        (Ok(()), Ok(()), Ok(()), Ok(()))
    );
    for name in [
        "config::constant",
        "config::chain",
        "config::call",
        "config::field",
    ] {
        assert_eq!(circuit(name).config(), SHARED, "{name}");
    }
}

#[test]
fn options_beside_a_configuration_override_it() {
    #[circuit_breaker(name = "config::overridden", success_threshold = 9, config = SHARED, failure_threshold = 4)]
    fn constant() -> Result<(), ApiError> {
        Ok(())
    }
    #[circuit_breaker(name = "config::overridden_late", config = config, failure_threshold = threshold, success_threshold = 9)]
    fn argument(config: CircuitBreakerConfig, threshold: u32) -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!((constant(), argument(SHARED, 4)), (Ok(()), Ok(())));
    for name in ["config::overridden", "config::overridden_late"] {
        assert_eq!(
            circuit(name).config(),
            SHARED.failure_threshold(4).success_threshold(9),
            "{name}"
        );
    }
}

#[test]
fn a_rate_beside_a_configuration_with_a_threshold_replaces_it() {
    #[circuit_breaker(name = "config::rate", config = SHARED, failure_rate = 0.5)]
    fn rate() -> Result<(), ApiError> {
        Ok(())
    }
    const RATED: CircuitBreakerConfig = CircuitBreakerConfig::new().failure_rate(0.5);
    #[circuit_breaker(name = "config::minimum", config = RATED, minimum_calls = 3)]
    fn minimum() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!((rate(), minimum()), (Ok(()), Ok(())));
    let config = circuit("config::rate").config();
    assert_eq!(
        (config.get_failure_rate(), config.get_failure_threshold()),
        (Some(0.5), None)
    );
    assert_eq!(config.get_recovery_timeout(), Duration::from_secs(5));
    assert_eq!(circuit("config::minimum").config().get_minimum_calls(), 3);
}

#[tokio::test]
async fn a_breaker_may_be_a_field_an_argument_a_static_or_a_call() {
    static BREAKER: LazyLock<CircuitBreaker> =
        LazyLock::new(|| CircuitBreaker::new("config::static", SHARED));
    struct Client {
        shards: Vec<CircuitBreaker>,
    }
    impl Client {
        #[circuit_breaker(breaker = &self.shards[shard])]
        async fn field(&self, shard: usize) -> Result<(), ApiError> {
            Err(ApiError::Down)
        }

        #[circuit_breaker(breaker = self.shard(key))]
        fn method(&self, key: &str) -> Result<(), ApiError> {
            Err(ApiError::Down)
        }

        fn shard(&self, key: &str) -> &CircuitBreaker {
            &self.shards[key.len() % self.shards.len()]
        }
    }
    #[circuit_breaker(breaker = breaker)]
    async fn argument(breaker: &CircuitBreaker) -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    #[circuit_breaker(breaker = &BREAKER)]
    fn of_static() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    #[circuit_breaker(breaker = &registry::get_or_register("config::registered", SHARED))]
    async fn registered() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    let shards = [0, 1].map(|shard| CircuitBreaker::new(format!("db-{shard}"), SHARED));
    let client = Client {
        shards: shards.to_vec(),
    };
    assert_eq!(client.field(1).await, Err(ApiError::Down));
    assert_eq!(client.method("a"), Err(ApiError::Down));
    assert_eq!(
        (shards[0].state(), shards[1].state()),
        (CircuitState::Closed, CircuitState::Open)
    );
    let Err(ApiError::Open(open)) = argument(&shards[1]).await else {
        panic!("refused")
    };
    assert_eq!(open.name(), "db-1");
    assert!(
        registry::get("db-1").is_none(),
        "a breaker of one's own is in no registry"
    );
    assert_eq!(
        (of_static(), registered().await),
        (Err(ApiError::Down), Err(ApiError::Down))
    );
    assert_eq!(
        (
            BREAKER.stats().failures,
            circuit("config::registered").stats().failures
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn a_breaker_may_be_part_of_what_the_body_changes_or_consumes() {
    struct Client {
        breaker: CircuitBreaker,
        calls: u32,
    }
    impl Client {
        fn count(&mut self) -> Result<u32, ApiError> {
            self.calls += 1;
            Err(ApiError::Down)
        }
        #[circuit_breaker(breaker = &self.breaker)]
        fn changed(&mut self) -> Result<u32, ApiError> {
            self.count()
        }
        #[circuit_breaker(breaker = &self.breaker)]
        async fn changed_async(&mut self) -> Result<u32, ApiError> {
            self.count()
        }
        #[circuit_breaker(breaker = &self.breaker)]
        fn consumed(self) -> Result<u32, ApiError> {
            let Self { breaker, calls } = self;
            drop(breaker);
            Ok(calls)
        }
    }
    #[circuit_breaker(breaker = &client.breaker)]
    fn lent(client: &mut Client) -> Result<u32, ApiError> {
        client.count()
    }
    #[circuit_breaker(breaker = &client.breaker)]
    async fn given((client, _): (Client, u8)) -> Result<u32, ApiError> {
        client.consumed()
    }
    #[circuit_breaker(breaker = &client.breaker)]
    #[resilience::timeout(1h, error = ApiError::Down)]
    fn given_to_a_worker(client: Client) -> Result<u32, ApiError> {
        client.consumed()
    }
    let breaker = CircuitBreaker::new("part", CircuitBreakerConfig::new());
    let client = || Client {
        breaker: breaker.clone(),
        calls: 0,
    };
    let mut changed = client();
    assert_eq!(
        (changed.changed(), changed.changed_async().await),
        (Err(ApiError::Down), Err(ApiError::Down))
    );
    assert_eq!(
        (lent(&mut changed), changed.consumed()),
        (Err(ApiError::Down), Ok(3))
    );
    assert_eq!(
        (given((client(), 0)).await, given_to_a_worker(client())),
        (Ok(0), Ok(0))
    );
    // The last two pass it twice: `consumed` is guarded by the same circuit.
    assert_eq!(
        (breaker.stats().failures, breaker.stats().successes),
        (3, 1 + 2 + 2)
    );
}

#[test]
fn a_breaker_goes_with_the_options_that_are_not_its_own() {
    #[circuit_breaker(
        breaker = breaker,
        failure_on(ApiError::Down),
        failure_if_ok = |value| *value == 0,
        ignore(ApiError::Status(404)),
        fallback = |open| Ok(open.name().len())
    )]
    fn call(breaker: &CircuitBreaker, outcome: Result<usize, ApiError>) -> Result<usize, ApiError> {
        outcome
    }
    let breaker = CircuitBreaker::new("four", SHARED);
    for outcome in [
        Err(ApiError::Status(500)),
        Err(ApiError::Status(404)),
        Err(ApiError::Down),
        Ok(0),
    ] {
        assert_eq!(call(&breaker, outcome.clone()), outcome);
    }
    assert_eq!(call(&breaker, Ok(9)), Ok(4));
    let stats = breaker.stats();
    assert_eq!(
        (
            stats.successes,
            stats.ignored,
            stats.failures,
            stats.refused
        ),
        (1, 1, 2, 1)
    );
}

/// A crate that re-exports the runtime under a name of its own, as its users see it.
mod facade {
    pub(super) use ::resilience as policies;

    #[policies::circuit_breaker(
        crate = crate::circuit_breaker::config::facade::policies,
        name = "config::facade",
        failure_threshold = 2,
        error = |open| open.name().to_owned()
    )]
    pub(super) fn call() -> Result<(), String> {
        Err(String::from("down"))
    }
}

#[test]
fn the_runtime_may_be_reached_through_another_path() {
    assert_eq!(
        [facade::call(), facade::call(), facade::call()].map(Result::unwrap_err),
        ["down", "down", "config::facade"]
    );
}
