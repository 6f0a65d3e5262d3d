//! The rate of failures and the seconds in a state, in virtual time.

use std::time::Duration;

use resilience::{CircuitBreakerConfig, metrics, registry};
use resilience_metrics_tests::Series;
use tokio::time::advance;

#[tokio::test(start_paused = true)]
async fn a_rate_begins_with_enough_calls_and_no_fraction_of_a_second_is_lost() {
    let series = Series::default();
    ::metrics::set_global_recorder(series.clone()).expect("there is none");
    let config = CircuitBreakerConfig::new()
        .failure_rate(0.75)
        .minimum_calls(4);
    let breaker = registry::get_or_register("gauges", config);
    let rate = || {
        metrics::update();
        series.value(r#"resilience_circuit_failure_rate{circuit="gauges"}"#)
    };
    breaker.acquire().expect("closed").failure();
    assert_eq!(rate(), None, "below `minimum_calls`");
    for _ in 0..3 {
        breaker.acquire().expect("closed").success();
    }
    assert_eq!(rate(), Some(0.25));

    let seconds = |state: &str| {
        let labels = format!(r#"{{circuit="gauges",state="{state}"}}"#);
        let name = format!("resilience_circuit_state_seconds_total{labels}");
        series.get(&name).expect("all states exist")
    };
    assert_eq!(seconds("closed"), 0);
    for expected in [1, 3, 4, 6] {
        advance(Duration::from_millis(1_600)).await;
        metrics::update();
        assert_eq!(seconds("closed"), expected);
    }
    breaker.isolate();
    advance(Duration::from_secs(2)).await;
    metrics::update();
    assert_eq!((seconds("closed"), seconds("isolated")), (6, 2));
    assert_eq!((seconds("open"), seconds("half_open")), (0, 0));
}
