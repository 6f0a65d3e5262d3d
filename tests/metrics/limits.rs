//! The metrics of the things that limit calls.

use std::time::Duration;

use resilience::{BulkheadConfig, BulkheadFull, RateLimitConfig, bulkhead, metrics, registry};
use resilience_metrics_tests::Series;

#[bulkhead(1, name = "limits keys", key = key)]
fn of_key(
    key: &str,
    inside: impl FnOnce() -> Result<(), BulkheadFull>,
) -> Result<(), BulkheadFull> {
    assert!(!key.is_empty());
    inside()
}

#[test]
fn the_series_of_limits_equal_their_statistics() {
    let series = Series::default();
    ::metrics::set_global_recorder(series.clone()).expect("there is none");
    let pool = registry::get_or_register_bulkhead("limits", BulkheadConfig::new(2));
    let (one, _two) = (pool.acquire().unwrap(), pool.acquire().unwrap());
    assert!(pool.acquire().is_err());
    drop(one);
    assert!(of_key("a", || of_key("a", || Ok(()))).is_err());
    assert!(of_key("b", || Ok(())).is_ok());
    metrics::update();

    let get = |name: &str, labels: &str| {
        let series_name = format!("resilience_bulkhead_{name}{{bulkhead=\"limits\"{labels}}}");
        series
            .get(&series_name)
            .unwrap_or_else(|| panic!("no {series_name}"))
    };
    let calls = |outcome: &str| get("calls_total", &format!(",outcome=\"{outcome}\""));
    let stats = pool.stats();
    assert_eq!(
        (calls("admitted"), calls("refused")),
        (stats.admitted, stats.refused)
    );
    assert_eq!((stats.admitted, stats.refused), (2, 1));
    let gauges = ["in_use", "waiting", "limit"].map(|gauge| get(gauge, ""));
    assert_eq!(gauges, [1, 0, 2]);

    let keys = r#"resilience_bulkhead_calls_total{bulkhead="limits keys",outcome="admitted"}"#;
    assert_eq!(series.get(keys), Some(2), "keys are no labels");

    let hour = Duration::from_secs(3600);
    let api = registry::get_or_register_rate_limit("limits", RateLimitConfig::new(2, hour));
    assert_eq!((0..5).filter(|_| api.acquire().is_ok()).count(), 2);
    metrics::update();
    let calls = |outcome: &str| {
        let labels = format!("limit=\"limits\",outcome=\"{outcome}\"");
        series.get(&format!("resilience_rate_limit_calls_total{{{labels}}}"))
    };
    assert_eq!((calls("admitted"), calls("refused")), (Some(2), Some(3)));
}
