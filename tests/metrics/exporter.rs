//! The thread that updates the metrics, until its handle is dropped.

use std::{
    thread,
    time::{Duration, Instant},
};

use resilience::{CircuitBreakerConfig, metrics, registry};
use resilience_metrics_tests::Series;

/// A machine under load may take so long for an interval of 10 ms.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[test]
fn the_thread_exports_after_each_interval_and_once_more_at_its_end() {
    let series = Series::default();
    ::metrics::set_global_recorder(series.clone()).expect("there is none");
    let breaker = registry::get_or_register("exporter", CircuitBreakerConfig::new());
    let successes =
        || series.get(r#"resilience_circuit_calls_total{circuit="exporter",outcome="success"}"#);
    let exporter = metrics::export_every(Duration::from_millis(10));
    for call in 1..=3 {
        breaker.acquire().expect("closed").success();
        let begun = Instant::now();
        while successes() != Some(call) {
            assert!(begun.elapsed() < LONGEST_WAIT, "the thread does not export");
            thread::sleep(Duration::from_millis(1));
        }
    }
    drop(exporter);

    let exporter = metrics::export_every(Duration::from_secs(3_600));
    breaker.acquire().expect("closed").success();
    drop(exporter);
    assert_eq!(successes(), Some(4), "the last update is at the end");
    breaker.acquire().expect("closed").success();
    assert_eq!(successes(), Some(4), "the thread has ended");
}
