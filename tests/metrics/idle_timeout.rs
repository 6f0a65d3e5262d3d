//! A recorder of Prometheus that forgets idle series has all of them after each update.

use std::{
    collections::BTreeSet,
    sync::mpsc::{Receiver, channel},
    thread::{self, sleep},
    time::Duration,
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;
use resilience::{
    CircuitBreakerConfig, TimedOut, metrics as updates, registry, timeout, worker_stats,
};

const IDLE_TIMEOUT: Duration = Duration::from_millis(1);

/// The names and the labels of all series in a scrape.
fn scrape(recorder: &PrometheusHandle) -> BTreeSet<String> {
    let page = recorder.render();
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    let series = lines.filter_map(|line| line.rsplit_once(' '));
    series.map(|(series, _)| series.to_owned()).collect()
}

/// A call that takes a worker until its sender is gone.
#[timeout(60s)]
fn wait_for(end: Receiver<()>) -> Result<(), TimedOut> {
    let _ = end.recv();
    Ok(())
}

#[test]
fn every_scrape_behind_an_update_has_all_series_whatever_was_idle_before_it() {
    let recorder = PrometheusBuilder::new()
        .idle_timeout(MetricKindMask::ALL, Some(IDLE_TIMEOUT))
        .install_recorder()
        .expect("there is none");
    let breaker = registry::get_or_register("idle", CircuitBreakerConfig::new());
    let (end, ends) = channel();
    let call = thread::spawn(|| wait_for(ends));
    while worker_stats().live == worker_stats().idle {
        thread::yield_now();
    }

    updates::update();
    let all = scrape(&recorder);
    let refused = r#"resilience_circuit_calls_total{circuit="idle",outcome="refused"}"#;
    assert!(all.contains(refused), "{all:#?}");
    for round in 1..=3 {
        sleep(IDLE_TIMEOUT * 5);
        let left = scrape(&recorder);
        assert!(left.is_empty(), "they were idle: {left:#?}");

        breaker.acquire().expect("closed").success();
        updates::update();
        let now = scrape(&recorder);
        let absent: Vec<_> = all.difference(&now).collect();
        assert!(absent.is_empty(), "in round {round}: {absent:#?}");
        // An update asks for this gauge first, to see if there is a recorder.
        let page = recorder.render();
        let busy = r#"resilience_timeout_workers{state="busy"} 1"#;
        assert!(
            page.lines().any(|line| line == busy),
            "in round {round}: {page}"
        );
    }
    drop(end);
    call.join().expect("no panic").expect("in time");
}
