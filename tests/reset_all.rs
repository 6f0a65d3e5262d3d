//! `registry::reset_all()`, in a process of its own: it would reset the circuits of all other
//! tests.

use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, circuit_breaker, registry};

#[test]
fn it_closes_every_circuit_of_the_registry_and_no_other() {
    #[circuit_breaker(name = "opened", failure_threshold = 1, error = |_| "refused")]
    fn opened() -> Result<(), &'static str> {
        Err("down")
    }
    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();
    let own = CircuitBreaker::new("own", CONFIG);
    own.trip();
    registry::get_or_register("isolated", CONFIG).isolate();
    registry::get_or_register("counting", CONFIG)
        .acquire()
        .expect("closed")
        .failure();
    assert_eq!((opened(), opened()), (Err("down"), Err("refused")));
    let family = registry::get_or_register_family("family", CONFIG);
    family.circuit("key").isolate();
    family.isolate();

    registry::reset_all();

    let all = registry::all_stats();
    let found: Vec<_> = all
        .values()
        .map(|stats| (stats.name.as_str(), stats.state, stats.failure_count))
        .collect();
    let expected = ["counting", "isolated", "opened"].map(|name| (name, CircuitState::Closed, 0));
    assert_eq!(found, expected);
    assert_eq!(all["opened"].failures, 1, "statistics go on");
    for key in ["key", "later"] {
        assert_eq!(family.circuit(key).state(), CircuitState::Closed);
    }
    assert_eq!((own.state(), opened()), (CircuitState::Open, Err("down")));
}
