//! More names than a monitoring system should get.

use resilience::{CircuitBreakerConfig, metrics, registry};
use resilience_metrics_tests::Series;

#[test]
fn circuits_beyond_a_thousand_are_one_label_without_states() {
    let series = Series::default();
    ::metrics::set_global_recorder(series.clone()).expect("there is none");
    for at in 0..1_005 {
        let breaker = registry::get_or_register(format!("{at:04}"), CircuitBreakerConfig::new());
        breaker.acquire().expect("closed").success();
    }
    metrics::update();
    metrics::update();
    let success = |name: &str| {
        series.get(&format!(
            r#"resilience_circuit_calls_total{{circuit="{name}",outcome="success"}}"#
        ))
    };
    assert_eq!((success("0000"), success("0999")), (Some(1), Some(1)));
    assert_eq!((success("1000"), success("_other")), (None, Some(5)));
    let states = series.names("resilience_circuit_state{");
    assert_eq!(states.len(), 4_000);
    assert!(states.iter().all(|name| !name.contains("_other")));
    assert_eq!(
        series.get(r#"resilience_label_overflow_total{kind="circuit"}"#),
        Some(5)
    );
}
