//! A recorder that is installed after calls and updates.

use resilience::{CircuitBreakerConfig, metrics, registry, retry};
use resilience_metrics_tests::Series;

#[retry(max_retries = 2, base_delay = 0s, operation = "late.fetch", budget = "late")]
fn fetch(fails: bool) -> Result<(), &'static str> {
    if fails { Err("busy") } else { Ok(()) }
}

#[test]
fn a_late_recorder_gets_all_counts_and_each_of_them_once() {
    let breaker = registry::get_or_register("late", CircuitBreakerConfig::new());
    breaker.acquire().expect("closed").success();
    breaker.isolate();
    assert!(fetch(true).is_err());
    metrics::update();
    let series = Series::default();
    ::metrics::set_global_recorder(series.clone()).expect("there is none");
    for _ in 0..3 {
        metrics::update();
    }
    let get = |name: &str| series.get(name).expect("the series exists");
    assert_eq!(
        get(r#"resilience_circuit_calls_total{circuit="late",outcome="success"}"#),
        1
    );
    assert_eq!(
        get(r#"resilience_circuit_calls_total{circuit="late",outcome="failure"}"#),
        0
    );
    assert_eq!(
        get(r#"resilience_circuit_state{circuit="late",state="isolated"}"#),
        1
    );
    assert_eq!(
        get(r#"resilience_circuit_state{circuit="late",state="open"}"#),
        0
    );
    let transitions = "resilience_circuit_transitions_total";
    let isolated = r#"{circuit="late",to="isolated",reason="command"}"#;
    assert_eq!(get(&format!("{transitions}{isolated}")), 1);
    assert_eq!(series.names(transitions).len(), 17, "all pairs exist");
    assert_eq!(
        get(r#"resilience_budget_retries_total{budget="late",outcome="granted"}"#),
        2
    );
    assert_eq!(
        get(r#"resilience_retries_total{operation="late.fetch"}"#),
        2
    );
    let gave_up = r#"{operation="late.fetch",result="gave_up",reason="attempts"}"#;
    assert_eq!(get(&format!("resilience_retry_calls_total{gave_up}")), 1);
    assert_eq!(
        series.names("resilience_retry_calls_total").len(),
        9,
        "all reasons exist"
    );
    assert_eq!(get(r#"resilience_label_overflow_total{kind="circuit"}"#), 0);
    let workers = ["busy", "idle", "abandoned", "limit"]
        .map(|state| get(&format!(r#"resilience_timeout_workers{{state="{state}"}}"#)));
    assert_eq!(workers, [0, 0, 0, 512], "there was no sync timeout");
}
