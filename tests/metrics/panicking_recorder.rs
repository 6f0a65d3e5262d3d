//! A recorder that panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use resilience::{CircuitBreakerConfig, metrics as updates, registry};
use resilience_metrics_tests::Series;

/// A recorder that panics when it is asked for the counter of calls.
#[derive(Default)]
struct Panicking {
    series: Series,
    panics: AtomicBool,
}

impl Recorder for Panicking {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let is_of_calls = key.name() == "resilience_circuit_calls_total";
        assert!(!is_of_calls || !self.panics.load(Ordering::Relaxed));
        self.series.register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.series.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.series.register_histogram(key, metadata)
    }
}

#[test]
fn a_count_that_a_recorder_did_not_take_is_told_at_the_next_update() {
    let breaker = registry::get_or_register("panics", CircuitBreakerConfig::new());
    breaker.acquire().expect("closed").success();
    let recorder = Panicking::default();
    let update = || with_local_recorder(&recorder, updates::update);
    recorder.panics.store(true, Ordering::Relaxed);
    catch_unwind(AssertUnwindSafe(update)).expect_err("the recorder panics");
    recorder.panics.store(false, Ordering::Relaxed);
    for _ in 0..2 {
        update();
        let successes = r#"resilience_circuit_calls_total{circuit="panics",outcome="success"}"#;
        assert_eq!(recorder.series.get(successes), Some(1));
    }
}
