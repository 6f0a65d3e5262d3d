//! The handles of the recorder of the process are kept, and what changes is told to a new one.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString,
    Unit, with_local_recorder,
};
use resilience::{CircuitBreakerConfig, metrics as updates, registry};
use resilience_metrics_tests::Series;
use tokio::time::advance;

/// A recorder that forgets all counters when it is told to, as one does with series that are idle.
/// It has a clone of the key of each series.
#[derive(Clone, Default)]
struct Forgetful {
    counters: Arc<Mutex<HashMap<Key, Arc<Count>>>>,
    asked: Arc<AtomicU64>,
    gauges: Series,
    keys_of_gauges: Arc<Mutex<HashSet<Key>>>,
}

#[derive(Default)]
struct Count(AtomicU64);

impl CounterFn for Count {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::SeqCst);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::SeqCst);
    }
}

impl Forgetful {
    fn successes(&self) -> Option<u64> {
        let labels = vec![
            Label::new("circuit", "kept"),
            Label::new("outcome", "success"),
        ];
        let key = &Key::from_parts("resilience_circuit_calls_total", labels);
        let counters = self.counters.lock().expect("nothing panics under it");
        counters
            .get(key)
            .map(|count| count.0.load(Ordering::SeqCst))
    }

    /// Returns how many handles it was asked for since the last question.
    fn asked(&self) -> u64 {
        self.asked.swap(0, Ordering::SeqCst)
    }

    fn counters(&self) -> usize {
        self.counters.lock().expect("nothing panics under it").len()
    }

    fn forget(&self) {
        self.counters
            .lock()
            .expect("nothing panics under it")
            .clear();
    }
}

impl Recorder for Forgetful {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut counters = self.counters.lock().expect("nothing panics under it");
        let count = counters.entry(key.clone());
        Counter::from_arc(Arc::clone(count.or_default()))
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut keys = self.keys_of_gauges.lock().expect("nothing panics under it");
        keys.insert(key.clone());
        self.gauges.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.gauges.register_histogram(key, metadata)
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_has_changed_is_asked_for_and_nothing_is_lost() {
    let breaker = registry::get_or_register("kept", CircuitBreakerConfig::new());
    let succeed = || breaker.acquire().expect("closed").success();
    let recorder = Forgetful::default();
    metrics::set_global_recorder(recorder.clone()).expect("there is none");

    succeed();
    updates::update();
    let all = recorder.asked();
    assert!(all > 30, "it was asked for {all} handles");
    updates::update();
    // The one handle is the question if a recorder takes the metrics.
    assert_eq!(recorder.asked(), 1, "nothing has changed");
    succeed();
    updates::update();
    assert_eq!((recorder.asked(), recorder.successes()), (2, Some(2)));

    let counters = recorder.counters();
    recorder.forget();
    succeed();
    updates::update();
    assert_eq!(recorder.successes(), Some(1), "the new one is not lost");
    assert_eq!(recorder.counters(), counters, "none is absent");

    // A local recorder gets what is new, and all series exist in it.
    for _ in 0..2 {
        let local = Series::default();
        succeed();
        with_local_recorder(&local, updates::update);
        let outcome = |outcome: &str| {
            let labels = format!(r#"{{circuit="kept",outcome="{outcome}"}}"#);
            local.get(&format!("resilience_circuit_calls_total{labels}"))
        };
        assert_eq!((outcome("success"), outcome("late")), (Some(1), Some(0)));
    }
    assert_eq!(
        recorder.successes(),
        Some(1),
        "the local one got the others"
    );
    succeed();
    updates::update();
    assert_eq!(recorder.successes(), Some(2));

    // After a minute the recorder is asked for all of them again.
    recorder.asked();
    advance(Duration::from_secs(61)).await;
    updates::update();
    assert_eq!(recorder.asked(), all);
}
