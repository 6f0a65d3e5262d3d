//! A program that never installs a recorder.

use std::time::Duration;

use resilience::{CircuitBreaker, CircuitBreakerConfig, metrics, registry};

#[test]
fn without_a_recorder_an_update_does_nothing_and_breaks_nothing() {
    let breaker = CircuitBreaker::new("lonely", CircuitBreakerConfig::new());
    registry::register(breaker.clone()).expect("the name is free");
    let exporter = metrics::export_every(Duration::ZERO);
    for _ in 0..3 {
        breaker.acquire().expect("closed").success();
        metrics::update();
    }
    drop(exporter);
    assert_eq!(breaker.stats().successes, 3);
}
